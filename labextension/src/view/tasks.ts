// Tasks one by one, newest first: those of the feed, and what the runtime finds beyond them.
import type { State, TaskState } from '../feed/reducer.ts';
import type { Answer } from '../link/link.ts';
import { el, Rows, setText, signOf } from '../page/dom.ts';
import { type Roving, roving } from '../page/roving.ts';
import { lanesOf } from '../stream/lanes.ts';
import { type Filter, isEmpty, matcher } from '../words/filter.ts';
import { count, inSeconds, sinceThen } from '../words/format.ts';
import { nameOf } from '../words/names.ts';
import { FINAL, sayProgress, WORD } from '../words/states.ts';

const SHOWN = 300;
const HEADS = [['State', ''], ['Task', ''], ['Cell', 'trd-number'], ['Worker', 'trd-number'], ['Time', 'trd-now']] as const;
const WAIT_MS = 250;
const AGAIN_MS = 3000;

export interface TasksEvents {
  choose(id: string): void;
  /** Ask the runtime; null: it could not say. */
  find(text: string, state: string, offset: number): Promise<Answer | null>;
}

interface Row {
  label: string;
  state: TaskState;
  cell: number;
  worker: number;
  said: string;
}

interface Parts {
  element: HTMLElement;
  state: HTMLElement;
  shown: TaskState | null;
  name: HTMLButtonElement;
  cell: HTMLElement;
  worker: HTMLElement;
  said: HTMLElement;
}

export class TasksView {
  private readonly body = el('tbody');
  private readonly title = el('h3', { class: 'trd-title' }, 'Tasks');
  private readonly note = el('p', { class: 'trd-muted', role: 'status' });
  private readonly further = el('button', { class: 'trd-button', type: 'button', hidden: true }, 'Look further back');
  private readonly table = el('table', { class: 'trd-table trd-task-table' }, el('thead', {}, el('tr', {}, ...HEADS.map(([title, look]) => el('th', { scope: 'col', class: look }, title)))), this.body);
  readonly element = el('section', { class: 'trd-section', 'aria-label': 'Tasks' }, this.title, this.table, this.note, this.further);
  private readonly rows = new Rows<Row, Parts>(this.body, (key) => this.make(key), (parts, row, key) => this.fill(parts, row, key));
  private readonly stops: Roving;
  private state: State | null = null;
  private filter: Filter | null = null;
  private chosen: string | null = null;
  private found = new Map<string, Row>();
  private next: number | null = null;
  private asked = 0;
  private askedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly events: TasksEvents) {
    this.further.addEventListener('click', () => void this.find(this.next ?? 0));
    this.stops = roving(this.body, '.trd-link', ['ArrowUp', 'ArrowDown']);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  /** Called while it is seen. */
  update(state: State): void {
    this.state = state;
    this.show();
    if (this.beyond() && Date.now() - this.askedAt > AGAIN_MS && this.found.size <= 200) this.findSoon(0);
  }

  setFilter(filter: Filter | null): void {
    this.filter = filter;
    this.found.clear();
    this.next = null;
    if (this.state) this.show();
    this.askedAt = 0;
    if (this.beyond()) this.findSoon(WAIT_MS);
  }

  /** Mark the task that is looked at. */
  mark(id: string | null): void {
    const before = this.chosen;
    this.chosen = id;
    for (const key of [before, id]) if (key !== null) this.markRow(this.rows.of(key), key);
  }

  private markRow(parts: Parts | undefined, key: string): void {
    if (key === this.chosen) parts?.name.setAttribute('aria-current', 'true');
    else parts?.name.removeAttribute('aria-current');
  }

  /** Whether there may be tasks that the feed does not carry. */
  private beyond(): boolean {
    return this.state !== null && (Object.keys(this.state.group).length > 0 || !isEmpty(this.filter));
  }

  private findSoon(delay: number): void {
    this.askedAt = Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.find(0), delay);
  }

  private async find(offset: number): Promise<void> {
    const mine = ++this.asked;
    const { text, cell, fn, state } = this.filter ?? {};
    const name = fn === undefined ? '' : (this.state?.function[fn]?.name ?? '');
    const answer = await this.events.find(text?.trim() || (cell === undefined ? name : `[${cell}]`), state ?? '', offset);
    if (mine !== this.asked || !answer) return;
    if (!offset) this.found.clear();
    for (const task of Array.isArray(answer['tasks']) ? (answer['tasks'] as Answer[]) : []) {
      const row: Row = { label: String(task['label'] ?? ''), state: task['state'] as TaskState, cell: Number(task['cell'] ?? 0), worker: Number(task['worker'] ?? 0), said: '' };
      const named = fn === undefined || row.label.startsWith(name) || !row.label.includes(' #');
      if (row.state in WORD && named && (cell === undefined || row.cell === cell)) this.found.set(String(task['number']), row);
    }
    this.next = typeof answer['next'] === 'number' ? answer['next'] : null;
    this.show();
  }

  private show(): void {
    const state = this.state;
    if (!state) return;
    const matches = matcher(state, this.filter);
    const all = new Map(this.found);
    const now = Date.now() / 1000;
    const took = new Map<string, number>(); // what the stream still knows
    for (const { spans } of lanesOf(state, now)) for (const { number, count: n, begin, end } of spans) if (n === 1) took.set(String(number), end - begin);
    for (const [id, task] of Object.entries(state.task)) {
      if (matches && !matches(id)) {
        all.delete(id);
        continue;
      }
      const ran = took.get(id);
      const since = task.since !== undefined ? [sinceThen(now - task.since)] : ran !== undefined && FINAL.has(task.state) ? [inSeconds(ran)] : [];
      const said = [...since, sayProgress(task)].filter(Boolean).join(' · ');
      all.set(id, { label: nameOf(state, id), state: task.state, cell: task.cell, worker: task.worker ?? 0, said });
    }
    const rows = [...all].sort(([a], [b]) => Number(b) - Number(a));
    const shown = Math.max(SHOWN, this.found.size);
    this.rows.update(rows.slice(0, shown));
    this.stops.refresh();
    this.table.hidden = !rows.length;
    setText(this.title, rows.length ? `Tasks · ${count(rows.length)}${this.next === null ? '' : ' and more'}${isEmpty(this.filter) ? '' : ' found'}` : 'Tasks');
    setText(this.note, rows.length > shown ? `The newest ${count(shown)} are shown: say above what you look for.` : rows.length ? '' : isEmpty(this.filter) ? 'No tasks yet.' : 'No task is like that.');
    this.further.hidden = this.next === null;
  }

  private make(key: string): Parts {
    const state = el('td', { class: 'trd-state' });
    const name = el('button', { class: 'trd-link', type: 'button', 'data-number': key });
    name.addEventListener('click', () => this.events.choose(key));
    const [cell, worker, said] = [el('td', { class: 'trd-number' }), el('td', { class: 'trd-number' }), el('td', { class: 'trd-muted trd-now' })];
    const element = el('tr', { 'data-row': key }, state, el('th', { scope: 'row' }, name), cell, worker, said);
    return { element, state, shown: null, name, cell, worker, said };
  }

  private fill(parts: Parts, row: Row, key: string): void {
    if (parts.shown !== row.state) {
      parts.state.replaceChildren(signOf(row.state), el('span', { class: 'trd-word' }, ` ${WORD[row.state]}`));
      parts.shown = row.state;
    }
    setText(parts.name, row.label);
    setText(parts.cell, row.cell > 0 ? `[${row.cell}]` : '');
    setText(parts.worker, row.worker ? String(row.worker) : '');
    setText(parts.said, row.said);
    this.markRow(parts, key);
  }
}
