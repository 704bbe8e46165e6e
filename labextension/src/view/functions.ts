// Functions: how far the calls of each are and how long they take; sorted as asked, pressed to filter by one.
import type { FunctionRecord, State } from '../feed/reducer.ts';
import { el, Rows, setAttribute, setText, StackedBar } from '../page/dom.ts';
import { count, inPercent, inSeconds } from '../words/format.ts';
import { inWords, total } from '../words/states.ts';
import { type Column, type Order, pressed, sorted } from './sorting.ts';

interface Parts {
  element: HTMLElement;
  name: HTMLButtonElement;
  cells: { [column in Exclude<Column, 'name'>]: HTMLElement };
  bar: StackedBar;
  share: HTMLElement;
}

const HEADS: readonly [Column, string, string][] = [
  ['name', 'Function', 'by name'],
  ['count', 'Calls', 'all calls'],
  ['done', 'Done', 'calls that are done'],
  ['failed', 'Failed', 'calls that failed, or were not run because what they need failed'],
  ['mean', 'Mean', 'mean run time'],
  ['p95', '95 %', '95 of 100 of the last calls took no longer than this'],
  ['total', 'Total', 'run time of all calls, and its share of all functions'],
];

export class FunctionsView {
  private readonly body = el('tbody');
  private readonly heads = new Map<Column, HTMLElement>();
  private readonly empty = el('p', { class: 'trd-muted' }, 'No function has been called yet.');
  private readonly table: HTMLElement;
  readonly element: HTMLElement;
  private readonly rows = new Rows<FunctionRecord, Parts>(this.body, (key) => this.make(key), (parts, record, key) => this.fill(parts, record, key));
  private order: Order = { column: 'total', down: true };
  private asked = false; // until then they stay in the order in which they were first called
  private state: State | null = null;
  private chosen: number | undefined;
  private all_s = 0;

  constructor(private readonly toggle: (fn: string) => void) {
    const row = el('tr');
    for (const [column, title, words] of HEADS) {
      const button = el('button', { class: 'trd-sort', type: 'button', title: words }, title);
      const head = el('th', { scope: 'col', 'data-column': column, 'aria-sort': 'none' }, button);
      button.addEventListener('click', () => this.sort(column));
      this.heads.set(column, head);
      row.append(head);
    }
    this.table = el('table', { class: 'trd-table trd-functions' }, el('thead', {}, row), this.body);
    this.element = el('section', { class: 'trd-section', 'aria-label': 'Functions' }, el('h3', { class: 'trd-title' }, 'Functions'), this.empty, this.table);
  }

  update(state: State): void {
    this.state = state;
    const rows = Object.entries(state.function).sort(([a], [b]) => Number(a) - Number(b));
    this.all_s = rows.reduce((sum, [, record]) => sum + (record.total ?? 0), 0);
    this.empty.hidden = rows.length > 0;
    this.table.hidden = !rows.length;
    this.rows.update(this.asked ? sorted(rows, this.order) : rows);
  }

  /** Mark the function that is filtered by. */
  mark(fn: number | undefined): void {
    this.chosen = fn;
    if (this.state) this.update(this.state);
  }

  private sort(column: Column): void {
    this.order = this.asked ? pressed(this.order, column) : { column, down: column !== 'name' };
    this.asked = true;
    for (const [each, head] of this.heads) setAttribute(head, 'aria-sort', each !== column ? 'none' : this.order.down ? 'descending' : 'ascending');
    if (this.state) this.update(this.state);
  }

  private make(key: string): Parts {
    const name = el('button', { class: 'trd-name trd-link', type: 'button', 'aria-pressed': 'false' });
    name.addEventListener('click', () => this.toggle(key));
    const bar = new StackedBar();
    const cell = (column: Column): HTMLElement => el('td', { class: 'trd-number', 'data-column': column });
    const cells = { count: cell('count'), done: cell('done'), failed: cell('failed'), mean: cell('mean'), p95: cell('p95'), total: cell('total') };
    const share = el('span', { class: 'trd-share-fill' });
    const said = el('span');
    cells.total.append(said, el('span', { class: 'trd-share', 'aria-hidden': 'true' }, share));
    const element = el('tr', { class: 'trd-function' }, el('th', { scope: 'row' }, name, bar.element), ...Object.values(cells));
    return { element, name, cells, bar, share };
  }

  private fill({ element, name, cells, bar, share }: Parts, record: FunctionRecord, key: string): void {
    const { counts } = record;
    setAttribute(element, 'data-function', key);
    setAttribute(name, 'title', `${record.name}: ${inWords(counts)}. Press to see only its tasks.`);
    setAttribute(name, 'aria-pressed', String(this.chosen === Number(key)));
    setText(name, record.name);
    setText(cells.count, count(total(counts)));
    setText(cells.done, count(counts.done ?? 0));
    const bad = (counts.failed ?? 0) + (counts.upstream ?? 0);
    setText(cells.failed, bad ? count(bad) : '–');
    setAttribute(cells.failed, 'data-bad', String(bad > 0));
    setText(cells.mean, record.mean === undefined ? '–' : inSeconds(record.mean));
    setText(cells.p95, record.p95 === undefined ? '–' : inSeconds(record.p95));
    const part = this.all_s > 0 ? (record.total ?? 0) / this.all_s : 0;
    setText(cells.total.firstElementChild as Element, record.total === undefined ? '–' : inSeconds(record.total));
    share.style.width = `${100 * part}%`;
    setAttribute(cells.total, 'title', record.total === undefined ? '' : `${inPercent(part)} of all run time`);
    bar.update(counts);
  }
}
