// Opening boxes of many: which page of which is shown, asked for where the feed does not carry it, asked again while
// it changes; and the heads of the open ones, which lie over the canvas as buttons that keyboard and mouse reach.
import type { Counts } from '../feed/reducer.ts';
import { FRAME_HEAD } from '../layout/layered.ts';
import { el, setAttribute, setText, tool } from '../page/dom.ts';
import { count, wordsOf } from '../words/format.ts';
import type { Camera } from './camera.ts';
import { type Members, type Nodes, PAGE } from './nodes.ts';
import type { Frame } from './paint.ts';

export interface BoxEvents {
  members(group: string, offset: number): Promise<Members>;
  shown(box: string, goThere: boolean): void; // `nodes` has a page to be shown
  closed(box: string): void;
  refused(why: string): void;
}

interface Head {
  element: HTMLElement;
  name: HTMLElement;
  range: HTMLElement;
  before: HTMLElement;
  next: HTMLElement;
}

const AGAIN_MS = 1000;
const OPEN_AT_ONCE = 8;
const HIGH = 31; // of a head

export class Boxes {
  readonly element = el('div', { class: 'trd-heads' });
  private readonly heads = new Map<string, Head>();
  private readonly asking = new Set<string>();
  private readonly known = new Map<string, string>(); // counts as they were when the page was asked for
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly nodes: Nodes,
    private readonly events: BoxEvents,
  ) {}

  dispose(): void {
    clearTimeout(this.timer);
  }

  toggle(box: string): void {
    if (this.nodes.pages.has(box)) this.close(box);
    else this.open(box, 0);
  }

  close(box: string): void {
    this.events.closed(box);
    this.known.delete(box);
  }

  turn(box: string, by: number): void {
    const page = this.nodes.pages.get(box);
    if (!page) return;
    const offset = page.offset + by * Math.max(page.ids.length, by < 0 ? Math.min(PAGE, page.offset) : 1);
    if (offset >= 0 && offset < page.total) this.open(box, offset);
  }

  /** After a delta: pages whose box has changed are asked for again, not more than once a second. */
  update(): void {
    if (this.timer !== undefined) return;
    const stale = [...this.nodes.pages].find(([box]) => this.isStale(box));
    if (!stale) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.nodes.pages.get(stale[0])) void this.ask(stale[0], this.nodes.pages.get(stale[0])?.offset ?? 0);
    }, AGAIN_MS);
  }

  /** Put the heads where the frames are seen. */
  place(frames: readonly Frame[], camera: Camera): void {
    const shown = new Set(frames.map(({ of }) => of));
    for (const [box, head] of this.heads) {
      if (shown.has(box)) continue;
      head.element.remove();
      this.heads.delete(box);
    }
    for (const { of, box } of frames) {
      const head = this.heads.get(of) ?? this.make(of);
      this.fill(of, head);
      const [x0, y0] = [(box.x0 - camera.x) * camera.k, (box.y0 - camera.y) * camera.k];
      const [x1, y1] = [(box.x1 - camera.x) * camera.k, (box.y1 - camera.y) * camera.k];
      const seen = x1 > 60 && y1 > 60 && x0 < camera.width && y0 < camera.height + 30;
      head.element.style.visibility = seen ? '' : 'hidden';
      const top = Math.max(4, Math.min(y0 + FRAME_HEAD * camera.k - HIGH, y1 - HIGH));
      head.element.style.transform = `translate(${Math.round(Math.max(4, x0))}px, ${Math.round(top)}px)`;
    }
  }

  private open(box: string, offset: number): void {
    const first = !this.nodes.pages.has(box);
    if (first && this.nodes.pages.size >= OPEN_AT_ONCE) this.close(this.nodes.pages.keys().next().value as string);
    if (this.nodes.open(box, offset)) this.events.shown(box, first);
    else void this.ask(box, offset);
  }

  private async ask(box: string, offset: number): Promise<void> {
    if (this.asking.has(box)) return;
    this.asking.add(box);
    this.known.set(box, this.countsOf(box));
    try {
      const members = await this.events.members(box, offset);
      const first = !this.nodes.pages.has(box);
      this.nodes.take(members);
      this.events.shown(box, first);
    } catch (error) {
      this.events.refused(wordsOf(error));
    } finally {
      this.asking.delete(box);
    }
  }

  private countsOf(box: string): string {
    const counts: Counts | undefined = this.nodes.boxOf(box)?.counts;
    return JSON.stringify(counts ?? {});
  }

  private isStale(box: string): boolean {
    return this.known.has(box) && this.known.get(box) !== this.countsOf(box);
  }

  private make(box: string): Head {
    const name = el('span', { class: 'trd-name' });
    const range = el('span', { class: 'trd-muted' });
    const before = tool('‹', 'Tasks before', () => this.turn(box, -1), 'trd-quiet');
    const next = tool('›', 'Next tasks', () => this.turn(box, 1), 'trd-quiet');
    const element = el('div', { class: 'trd-frame-head', role: 'group', 'data-frame': box }, name, range, before, next, tool('✕', 'Close', () => this.close(box), 'trd-quiet'));
    const head = { element, name, range, before, next };
    this.heads.set(box, head);
    this.element.append(element);
    return head;
  }

  private fill(box: string, { element, name, range, before, next }: Head): void {
    const page = this.nodes.pages.get(box);
    const node = this.nodes.all.get(box);
    if (!page || !node) return;
    setText(name, node.label);
    setAttribute(element, 'aria-label', `Open: ${node.label}`);
    const last = page.offset + page.ids.length;
    const many = last < page.total || page.offset > 0;
    setText(range, many ? `${count(page.offset + 1)}–${count(last)} of ${count(page.total)}` : node.suffix);
    before.hidden = page.offset === 0;
    next.hidden = last >= page.total;
  }
}
