// The graph in words, beside the canvas: a list of its nodes for keyboard and screen readers (and for tests).
// Left and right walk along the edges, up and down through the list, Enter goes to the details.
import type { Delta, State } from '../feed/reducer.ts';
import { inWords, sayProgress, total, WORD } from '../states.ts';
import { el, setAttribute, setText } from './dom.ts';

export interface Walk {
  places: ReadonlyMap<string, unknown>;
  parentsOf(id: string): string[];
}

export interface ListEvents {
  choose(id: string): void;
  open(id: string): void;
  leave(): void;
}

let made = 0;

export class TaskList {
  private readonly prefix = `trd${++made}-`;
  readonly element = el('ul', { class: 'trd-unseen trd-tasks', role: 'listbox', tabindex: 0, 'aria-label': 'Tasks of the graph' });
  private readonly items = new Map<string, HTMLElement>();
  private chosen: string | null = null;

  constructor(
    private readonly walk: Walk,
    private readonly events: ListEvents,
  ) {
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    this.element.addEventListener('focus', () => this.go(this.chosen ?? this.firstId()));
  }

  update(state: State, delta: Delta): void {
    const touched = delta.reset
      ? [...new Set([...this.items.keys(), ...Object.keys(state.task), ...Object.keys(state.group)])]
      : [delta.del, delta.put].flatMap((verb) => [...namesIn(verb?.task), ...namesIn(verb?.group)]);
    for (const id of touched) {
      const task = state.task[id];
      const group = state.group[id];
      if (!task && !group) {
        this.items.get(id)?.remove();
        this.items.delete(id);
        continue;
      }
      let item = this.items.get(id);
      if (!item) {
        item = el('li', { role: 'option', id: this.prefix + id, 'aria-selected': 'false', ...(task ? { 'data-task': id } : { 'data-group': id }) });
        this.items.set(id, item);
        this.element.append(item);
      }
      if (task) setAttribute(item, 'data-state', task.state);
      setText(item, task ? wordsOfTask(state, id) : wordsOfGroup(state, id));
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

  private firstId(): string | null {
    return this.walk.places.keys().next().value ?? null;
  }

  private go(id: string | null): void {
    if (id !== null) this.events.choose(id);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = this.chosen;
    if (event.key === 'Escape') this.events.leave();
    else if (id !== null && (event.key === 'Enter' || event.key === ' ')) this.events.open(id);
    else if (id !== null && event.key.startsWith('Arrow')) this.go(this.neighbour(id, event.key));
    else if (event.key === 'Home' || event.key === 'End') this.go((event.key === 'Home' ? [...this.items.keys()][0] : [...this.items.keys()].at(-1)) ?? null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Left and right along edges, up and down through the list. */
  private neighbour(id: string, key: string): string | null {
    if (key === 'ArrowLeft') return this.walk.parentsOf(id).find((parent) => this.walk.places.has(parent)) ?? null;
    const ids = [...this.items.keys()];
    if (key === 'ArrowRight') return ids.find((other) => this.walk.parentsOf(other).includes(id)) ?? null;
    return ids[ids.indexOf(id) + (key === 'ArrowUp' ? -1 : 1)] ?? null;
  }
}

function namesIn(verb: string[] | { [key: string]: unknown } | undefined): string[] {
  return Array.isArray(verb) ? verb : Object.keys(verb ?? {});
}

export function nameOf(state: State, id: string): string {
  const task = state.task[id];
  return `${task?.title ?? state.function[task?.fn ?? -1]?.name ?? 'task'} #${id}`;
}

function wordsOfTask(state: State, id: string): string {
  const task = state.task[id];
  if (!task) return '';
  const parts = [nameOf(state, id), WORD[task.state]];
  const said = sayProgress(task);
  if (said) parts.push(said);
  if (task.worker) parts.push(`worker ${task.worker}`);
  if (task.in?.length) parts.push(`reads ${task.in.slice(0, 5).map((maker) => (typeof maker === 'number' ? `#${maker}` : 'a group')).join(' ')}${task.in.length > 5 ? ` and ${task.in.length - 5} more` : ''}`);
  return parts.join(', ');
}

function wordsOfGroup(state: State, id: string): string {
  const group = state.group[id];
  if (!group) return '';
  const name = group.fn < 0 ? 'older tasks' : (state.function[group.fn]?.name ?? 'task');
  return `${total(group.counts).toLocaleString('en')} tasks of ${name}: ${inWords(group.counts)}`;
}
