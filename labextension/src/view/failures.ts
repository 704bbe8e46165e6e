// Failures: those that are alike as one; opening one shows its traceback in the details and marks it as looked at.
import type { FailureRecord, State } from '../feed/reducer.ts';
import { el, Rows, setAttribute, setText, signOf } from '../page/dom.ts';
import { count } from '../words/format.ts';
import { type Failed, failedLike } from './actions.ts';
import { headline } from './headline.ts';

interface Parts {
  element: HTMLElement;
  button: HTMLButtonElement;
  what: HTMLElement;
  message: HTMLElement;
  where: HTMLElement;
  retry: HTMLButtonElement;
}

export interface FailureEvents {
  open(number: number): void;
  retry(these: Failed): void;
  seen(these: Failed): void;
}

export class FailuresView {
  private readonly list = el('ul', { class: 'trd-rows' });
  private readonly title = el('h3', { class: 'trd-title' }, 'Failures');
  private readonly empty = el('p', { class: 'trd-muted' }, 'Nothing has failed.');
  readonly element = el('section', { class: 'trd-section trd-failures', 'aria-label': 'Failures' }, this.title, this.empty, this.list);
  readonly announcer = el('div', { class: 'trd-unseen trd-announcer', role: 'status', 'aria-live': 'polite' });
  private readonly rows = new Rows<FailureRecord, Parts>(this.list, (key) => this.make(key), (parts, failure, key) => this.fill(parts, failure, key));
  private readonly looked = new Set<number>(); // here, before the feed says so
  private records = new Map<number, FailureRecord>();
  private state: State | null = null;
  private announced = 0;
  private chosen: string | null = null;
  /** Kinds of failures nobody has looked at. */
  unseen = 0;

  constructor(private readonly events: FailureEvents) {}

  update(state: State): void {
    this.state = state;
    this.records = new Map(state.failure.map((failure) => [failure.number, failure]));
    const all = state.failure.map((failure): [string, FailureRecord] => [String(failure.number), failure]).reverse();
    const total = state.failure.reduce((sum, failure) => sum + (failure.count ?? 1), 0);
    this.unseen = state.failure.filter((failure) => !this.isSeen(failure)).length;
    this.empty.hidden = all.length > 0;
    setAttribute(this.element, 'data-any', String(all.length > 0));
    setText(this.title, total ? `Failures · ${count(total)}` : 'Failures');
    this.rows.update(all);
    const newest = all[0]?.[1];
    if (total > this.announced && newest) setText(this.announcer, `${newest.function ?? 'task'} #${newest.number} failed: ${newest.type ?? 'error'}. ${count(total)} failed in all.`);
    this.announced = total;
  }

  /** Mark the row whose task is looked at. */
  mark(id: string | null): void {
    this.chosen = id;
    for (const { number } of this.records.values()) this.markRow(this.rows.of(String(number)), String(number));
  }

  private markRow(parts: Parts | undefined, key: string): void {
    if (parts) setAttribute(parts.button, 'aria-expanded', String(key === this.chosen));
  }

  private isSeen(failure: FailureRecord): boolean {
    return failure.seen === true || this.looked.has(failure.number);
  }

  private make(key: string): Parts {
    const number = Number(key);
    const what = el('span', { class: 'trd-error' });
    const message = el('span', { class: 'trd-message' });
    const where = el('span', { class: 'trd-where' });
    const button = el('button', { class: 'trd-failure-head', type: 'button', 'aria-expanded': 'false', 'data-number': key }, signOf('failed'), el('span', { class: 'trd-two' }, what, message, where));
    const retry = el('button', { class: 'trd-button trd-small', type: 'button' }, 'Retry');
    button.addEventListener('click', () => this.open(number));
    retry.addEventListener('click', () => this.events.retry(failedLike(this.records.get(number), number)));
    return { element: el('li', { class: 'trd-failure', 'data-failure': key }, button, retry), button, what, message, where, retry };
  }

  private open(number: number): void {
    const failure = this.records.get(number);
    if (failure && !this.isSeen(failure)) {
      this.looked.add(number);
      if (this.state) this.update(this.state);
      this.events.seen(failedLike(failure, number));
    }
    this.events.open(number);
  }

  private fill(parts: Parts, failure: FailureRecord, key: string): void {
    const { element, what, message, where, retry } = parts;
    this.markRow(parts, key);
    setAttribute(element, 'data-seen', String(this.isSeen(failure)));
    setText(what, headline(failure));
    message.hidden = !failure.message;
    setText(message, failure.message ?? '');
    const place = [];
    if (failure.cell) place.push(`called in [${failure.cell}]`);
    if (failure.worker) place.push(`worker ${failure.worker}`);
    if ((failure.attempt ?? 1) > 1) place.push(`attempt ${failure.attempt}`);
    if (!this.isSeen(failure)) place.push('new');
    setText(where, place.join(' · '));
    const n = failure.count ?? 1;
    setText(retry, n > 1 ? `Retry ${count(n)}` : 'Retry');
    setAttribute(retry, 'aria-label', `${retry.textContent}: ${headline(failure)}`);
  }
}
