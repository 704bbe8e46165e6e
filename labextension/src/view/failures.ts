// Failures: each kind once; opening one shows its traceback in the details; new ones are announced.
import type { FailureRecord, State } from '../feed/reducer.ts';
import { el, Rows, setAttribute, setText, signOf } from './dom.ts';

interface Parts {
  element: HTMLElement;
  button: HTMLButtonElement;
  what: HTMLElement;
  where: HTMLElement;
}

export class FailuresView {
  private readonly list = el('ul', { class: 'trd-rows' });
  private readonly title = el('h3', { class: 'trd-title' }, 'Failures');
  readonly element = el('section', { class: 'trd-section trd-failures', 'aria-label': 'Failures', hidden: true }, this.title, this.list);
  readonly announcer = el('div', { class: 'trd-unseen', role: 'status', 'aria-live': 'polite' });
  private readonly rows = new Rows<FailureRecord, Parts>(this.list, (key) => this.make(key), fill);
  private announced = 0;

  constructor(private readonly open: (number: number) => void) {}

  update(state: State): void {
    const all = state.failure.map((failure): [string, FailureRecord] => [String(failure.number), failure]).reverse();
    const count = state.failure.reduce((sum, failure) => sum + (failure.count ?? 1), 0);
    this.element.hidden = !all.length;
    setText(this.title, `Failures · ${count}`);
    this.rows.update(all);
    const newest = all[0]?.[1];
    if (count > this.announced && newest) setText(this.announcer, `${headOf(newest)}. ${count} failed in all.`);
    this.announced = count;
  }

  /** Mark the row whose task is looked at. */
  mark(id: string | null): void {
    for (const button of this.list.querySelectorAll('button')) {
      setAttribute(button, 'aria-expanded', String(button.dataset['number'] === id));
    }
  }

  private make(key: string): Parts {
    const what = el('span', { class: 'trd-error' });
    const where = el('span', { class: 'trd-where' });
    const button = el('button', { class: 'trd-failure-head', type: 'button', 'aria-expanded': 'false', 'data-number': key }, signOf('failed'), el('span', { class: 'trd-two' }, what, where));
    button.addEventListener('click', () => this.open(Number(key)));
    return { element: el('li', { class: 'trd-failure', 'data-failure': key }, button), button, what, where };
  }
}

function headOf(failure: FailureRecord): string {
  return `${failure.function ?? 'task'} #${failure.number} failed: ${failure.type ?? 'error'}`;
}

function fill({ what, where }: Parts, failure: FailureRecord): void {
  const times = (failure.count ?? 1) > 1 ? `${failure.count} x ` : '';
  const message = failure.message ? `: ${failure.message}` : '';
  setText(what, `${times}${failure.type ?? 'Error'}${message}`);
  const place = [`${failure.function ?? 'task'} #${failure.number}`];
  if (failure.cell) place.push(`in [${failure.cell}]`);
  if (failure.worker) place.push(`worker ${failure.worker}`);
  if ((failure.attempt ?? 1) > 1) place.push(`attempt ${failure.attempt}`);
  setText(where, place.join(' · '));
}
