// Functions: how far the calls of each are.
import type { FunctionRecord, State } from '../feed/reducer.ts';
import { inWords, total } from '../states.ts';
import { el, Rows, setAttribute, setText, StackedBar } from './dom.ts';

interface Parts {
  element: HTMLElement;
  name: HTMLElement;
  count: HTMLElement;
  bar: StackedBar;
}

export class FunctionsView {
  private readonly list = el('ul', { class: 'trd-rows' });
  readonly element = el('section', { class: 'trd-section', 'aria-label': 'Functions' }, el('h3', { class: 'trd-title' }, 'Functions'), this.list);
  private readonly rows = new Rows<FunctionRecord, Parts>(this.list, make, fill);

  update(state: State): void {
    const all = Object.entries(state.function).sort(([a], [b]) => Number(a) - Number(b));
    this.rows.update(all);
    this.element.hidden = !all.length;
  }
}

function make(): Parts {
  const name = el('span', { class: 'trd-name' });
  const count = el('span', { class: 'trd-what' });
  const bar = new StackedBar();
  return { element: el('li', { class: 'trd-function' }, el('div', { class: 'trd-line' }, name, count), bar.element), name, count, bar };
}

function fill({ element, name, count, bar }: Parts, record: FunctionRecord, key: string): void {
  const { counts } = record;
  setAttribute(element, 'data-function', key);
  setAttribute(element, 'title', `${record.name}: ${inWords(counts)}`);
  setText(name, record.name);
  const failed = counts.failed ? ` · ${counts.failed} failed` : '';
  setText(count, `${(counts.done ?? 0).toLocaleString('en')} / ${total(counts).toLocaleString('en')}${failed}`);
  bar.update(counts);
}
