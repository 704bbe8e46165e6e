// The bar in which a person says what to look for: words, a function, a cell. The states are the chips of the head.
import type { State, TaskState } from '../feed/reducer.ts';
import { el, setAttribute, setText } from '../page/dom.ts';
import { type Filter, isEmpty } from '../words/filter.ts';

export class FilterBar {
  private readonly text = el('input', { class: 'trd-search', type: 'search', placeholder: 'Find: name, #17, [5]', 'aria-label': 'Find tasks by name, number or cell', spellcheck: 'false', autocomplete: 'off' });
  private readonly fn = el('select', { class: 'trd-select', 'aria-label': 'Only tasks of a function' });
  private readonly cell = el('select', { class: 'trd-select', 'aria-label': 'Only tasks of a cell' });
  private readonly clear = el('button', { class: 'trd-button trd-quiet', type: 'button', 'aria-label': 'Clear the filter', hidden: true }, '✕');
  readonly element = el('div', { class: 'trd-filter', role: 'search', 'aria-label': 'Filter' }, this.text, this.fn, this.cell, this.clear);
  private state: TaskState | undefined;

  constructor(private readonly changed: (filter: Filter) => void) {
    this.text.addEventListener('input', () => this.tell());
    for (const select of [this.fn, this.cell]) select.addEventListener('change', () => this.tell());
    this.clear.addEventListener('click', () => {
      this.reset();
      this.text.focus();
    });
    this.text.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !isEmpty(this.filter)) this.reset();
      if (event.key !== 'Tab') event.stopPropagation(); // what is typed here is no shortcut of the page
    });
  }

  get filter(): Filter {
    const filter: Filter = {};
    const cell = /^\s*\[(\d+)\]\s*$/.exec(this.text.value);
    if (cell) filter.cell = Number(cell[1]);
    else if (this.text.value.trim()) filter.text = this.text.value;
    if (this.state) filter.state = this.state;
    if (this.fn.value) filter.fn = Number(this.fn.value);
    if (this.cell.value) filter.cell = Number(this.cell.value);
    return filter;
  }

  /** The functions and cells there are to choose from. */
  update(state: State): void {
    const functions = Object.entries(state.function).map(([key, { name }]): [string, string] => [key, name]);
    options(this.fn, 'all functions', functions.sort(([, a], [, b]) => a.localeCompare(b, 'en', { numeric: true })));
    const cells = new Set<number>();
    for (const { cell } of [...Object.values(state.task), ...Object.values(state.group)]) if (cell > 0) cells.add(cell);
    options(this.cell, 'all cells', [...cells].sort((a, b) => b - a).map((cell) => [String(cell), `cell [${cell}]`]));
  }

  toggleState(state: TaskState): void {
    this.state = this.state === state ? undefined : state;
    this.tell();
  }

  toggleFunction(fn: string): void {
    this.fn.value = this.fn.value === fn ? '' : fn;
    this.tell();
  }

  /** Look for the tasks of a function and a cell, and nothing else. */
  only(fn: number, cell: number): void {
    this.state = undefined;
    this.text.value = '';
    this.fn.value = fn >= 0 ? String(fn) : '';
    this.cell.value = cell > 0 ? String(cell) : '';
    this.tell();
  }

  private reset(): void {
    this.only(-1, 0);
  }

  private tell(): void {
    this.clear.hidden = isEmpty(this.filter);
    setAttribute(this.element, 'data-on', String(!this.clear.hidden));
    this.changed(this.filter);
  }
}

function options(select: HTMLSelectElement, all: string, wanted: [string, string][]): void {
  const rows: [string, string][] = [['', all], ...wanted];
  const known = [...select.options];
  const chosen = select.value;
  if (known.length === rows.length && known.every((option, i) => option.value === rows[i]?.[0] && option.textContent === rows[i]?.[1])) return;
  if (chosen && !rows.some(([value]) => value === chosen)) rows.push([chosen, known.find((option) => option.value === chosen)?.textContent ?? chosen]);
  rows.forEach(([value, words], i) => {
    const option = known[i] ?? select.appendChild(el('option'));
    setAttribute(option, 'value', value);
    setText(option, words);
  });
  for (const spare of known.slice(rows.length)) spare.remove();
  select.value = chosen;
}
