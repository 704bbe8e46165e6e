// The kernel's comm: the custom messages of an anywidget's model.
//
// Deltas come from a thread of the kernel and flow while a cell runs; what the page says may wait until the cell has
// ended. That shows only when an answer does not come, so it is watched for.
import { FEEDS, type FromPython, type Link, LOST, messageFrom, type ToPython, VERSION } from './link.ts';
import { Listeners } from './listeners.ts';

export interface Model {
  get(name: string): unknown;
  send(message: unknown): void;
  on(event: string, callback: (message: unknown) => void): void;
  off(event: string, callback: (message: unknown) => void): void;
  /** Whether what is said now is known to wait for the running cell; an anywidget's model can't tell. */
  readonly waits?: boolean;
}

const ANSWERS_MS = 700; // Python answers in some ten

export class CommLink implements Link {
  /** The kernel's end has gone for ever: its notebook was closed or its kernel restarted, and what is said is an error. */
  gone = false;
  private late = false; // an answer
  private readonly page = crypto.randomUUID?.() ?? String(Math.random());
  private readonly listeners = new Listeners<FromPython>();
  private readonly asked = new Set<number | 'hello'>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly model: Model) {
    model.on('msg:custom', this.onMessage);
  }

  get queued(): boolean {
    return this.late || (this.model.waits ?? false);
  }

  get name(): string {
    return this.queued ? 'waits for the running cell' : 'live via kernel';
  }

  send(message: ToPython): void {
    if (message.type === 'command') this.wait(message.id);
    this.say(message);
    if (this.gone) this.refuse();
  }

  /** The view stands: with `feed` it wants deltas, without it gets them by other ways. */
  greet(feed: boolean): void {
    if (feed) this.wait('hello');
    this.say({ type: 'hello', page: this.page, feed, feeds: FEEDS, version: VERSION });
  }

  leave(): void {
    this.say({ type: 'bye', page: this.page });
  }

  listen(take: (message: FromPython) => void): () => void {
    return this.listeners.add(take);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.refuse();
    this.model.off('msg:custom', this.onMessage);
    this.listeners.clear();
  }

  private say(message: unknown): void {
    try {
      this.model.send(message);
    } catch {
      this.gone = true; // a disposed comm throws, and nothing else tells that it is
    }
  }

  /** No answer will come any more. */
  private refuse(): void {
    const asked = [...this.asked];
    this.asked.clear();
    for (const id of asked) if (id !== 'hello') this.listeners.tell({ type: 'reply', id, error: LOST });
  }

  private wait(what: number | 'hello'): void {
    this.asked.add(what);
    this.timer ??= setTimeout(() => this.become(this.asked.size > 0), ANSWERS_MS);
  }

  private readonly onMessage = (came: unknown): void => {
    const message = messageFrom(came);
    if (!message) return;
    if (message.type === 'reply') this.answered(message.id);
    else if (message.type === 'delta' && message.data.reset) this.answered('hello');
    this.listeners.tell(message);
  };

  private answered(what: number | 'hello'): void {
    if (!this.asked.delete(what) || this.asked.size) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.become(false);
  }

  private become(queued: boolean): void {
    this.timer = undefined;
    if (queued === this.late) return;
    this.late = queued;
    this.listeners.tell({ type: 'link' });
  }
}
