// The graph in words, beside the canvas: a tree of its nodes for keyboard and screen readers (and for tests); what an
// open box shows stands below it. Arrows walk through the graph, Enter goes to the details, the space bar opens a box.
import type { State, TaskRecord } from '../feed/reducer.ts';
import { el, setAttribute, setText } from '../page/dom.ts';
import { count } from '../words/format.ts';
import { labelOf } from '../words/names.ts';
import { inWords, sayProgress, total, WORD } from '../words/states.ts';
import type { Changes, GraphNode } from './nodes.ts';
import type { Key } from './walk.ts';

export interface ListEvents {
  step(from: string | null, key: Key): string | null;
  recordOf(id: string): TaskRecord | undefined;
  choose(id: string): void;
  open(id: string): void; // to the details
  toggle(id: string): void; // a box
  turn(id: string, by: number): void; // to the next or last page of an open box
  command(key: string): boolean; // other keys: zoom and the like; true if it was one
  leave(): void;
}

const STEPS: ReadonlySet<string> = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);
let made = 0;

export class TaskList {
  private readonly prefix = `trd${++made}-`;
  readonly element = el('ul', { class: 'trd-unseen trd-tasks', role: 'tree', tabindex: 0, 'aria-label': 'Tasks of the graph' });
  private readonly items = new Map<string, HTMLElement>();
  private chosen: string | null = null;

  constructor(private readonly events: ListEvents) {
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    this.element.addEventListener('focus', () => this.go(this.chosen ?? this.events.step(null, 'Home')));
  }

  update(state: State, { put, gone }: Changes): void {
    for (const id of gone) {
      this.items.get(id)?.remove();
      this.items.delete(id);
    }
    for (const node of put) {
      const item = this.items.get(node.id) ?? this.make(node);
      const task = node.counts ? undefined : this.events.recordOf(node.id);
      if (node.counts) setAttribute(item, 'aria-expanded', String(node.open));
      else setAttribute(item, 'data-state', node.state);
      setText(item, node.counts ? wordsOfBox(node) : task ? wordsOfTask(state, node, task) : node.label);
    }
  }

  /** Follow what was chosen elsewhere. */
  mark(id: string | null): void {
    if (this.chosen) this.items.get(this.chosen)?.setAttribute('aria-selected', 'false');
    this.chosen = id;
    const item = id === null ? undefined : this.items.get(id);
    item?.setAttribute('aria-selected', 'true');
    if (item) this.element.setAttribute('aria-activedescendant', item.id);
    else this.element.removeAttribute('aria-activedescendant');
  }

  /** What is said of a node. */
  wordsOf(id: string): string | undefined {
    return this.items.get(id)?.textContent ?? undefined;
  }

  private make(node: GraphNode): HTMLElement {
    const kind = node.counts ? { 'data-group': node.id } : { 'data-task': node.id };
    const level = node.frame === null ? 1 : Number(this.items.get(node.frame)?.getAttribute('aria-level') ?? 1) + 1;
    const item = el('li', { role: 'treeitem', id: this.prefix + node.id, 'aria-level': level, 'aria-selected': String(node.id === this.chosen), ...kind });
    this.items.set(node.id, item);
    const box = node.frame === null ? undefined : this.items.get(node.frame);
    let before = box?.nextElementSibling ?? null;
    while (before && Number(before.getAttribute('aria-level')) >= level) before = before.nextElementSibling;
    this.element.insertBefore(item, before);
    return item;
  }

  private go(id: string | null): void {
    if (id !== null) this.events.choose(id);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = this.chosen;
    if (event.key === 'Escape') this.events.leave();
    else if (event.shiftKey && event.key.startsWith('Arrow') ? this.events.command(`Shift+${event.key}`) : this.events.command(event.key)) void 0;
    else if (STEPS.has(event.key)) this.go(this.events.step(id, event.key as Key));
    else if (id !== null && event.key === 'Enter') this.events.open(id);
    else if (id !== null && event.key === ' ') this.events.toggle(id);
    else if (id !== null && event.key.startsWith('Page')) this.events.turn(id, event.key === 'PageUp' ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function wordsOfTask(state: State, node: GraphNode, task: TaskRecord): string {
  const parts = [`${labelOf(state, task)} ${node.suffix}`, WORD[task.state]];
  const said = sayProgress(task);
  if (said) parts.push(said);
  if (task.worker) parts.push(`worker ${task.worker}`);
  if (task.in?.length) parts.push(`reads ${task.in.slice(0, 5).map((maker) => (typeof maker === 'number' ? `#${maker}` : 'a group')).join(' ')}${task.in.length > 5 ? ` and ${task.in.length - 5} more` : ''}`);
  return parts.join(', ');
}

function wordsOfBox(node: GraphNode): string {
  return `${count(total(node.counts ?? {}))} tasks of ${node.label}: ${inWords(node.counts ?? {})}`;
}
