// Details of one task or group, with what can be done about it: what the feed says at once, the rest when the runtime has
// answered.
import type { FailureRecord, State, TaskState } from '../feed/reducer.ts';
import type { Answer } from '../link/link.ts';
import { el, Rows, setAttribute, setText, signOf } from '../page/dom.ts';
import { count, inBytes, shorten } from '../words/format.ts';
import { groupName, nameOf } from '../words/names.ts';
import { FINAL, total } from '../words/states.ts';
import { type Actions, failedLike } from './actions.ts';
import { dataIn, type Datum, factsOfGroup, factsOfTask, failureOf, number } from './facts.ts';

const SHOWN = 12;
const TAIL_LINES = 12;
const AGAIN_MS = 2500;

export interface DetailsEvents {
  close(): void;
  choose(id: string): void;
  log(number: number): void;
  list(group: string): void;
  ask(number: number): void;
}

type Deed = 'cancel' | 'retry' | 'log' | 'code' | 'list';

export class DetailsView {
  private readonly name = el('div', { class: 'trd-details-name', role: 'heading', 'aria-level': 3 });
  private readonly buttons = new Map<Deed, HTMLButtonElement>();
  private readonly closeButton = el('button', { class: 'trd-button trd-quiet', type: 'button', 'aria-label': 'Close details' }, '✕');
  private readonly said = el('div', { class: 'trd-said', role: 'status' });
  private readonly copied = el('div');
  private readonly facts = el('dl', { class: 'trd-facts' });
  private readonly factRows = new Rows<string, { element: HTMLElement; value: HTMLElement }>(this.facts, makeFact, (parts, value) => setText(parts.value, value));
  private readonly data = el('div', { class: 'trd-data' });
  private readonly tail = el('pre', { class: 'trd-tail', tabindex: 0, 'aria-label': 'Last lines of its output', hidden: true });
  private readonly trace = el('pre', { class: 'trd-trace', tabindex: 0, 'aria-label': 'Traceback', hidden: true });
  readonly element: HTMLElement;
  private id: string | null = null;
  private state: State | null = null;
  private answer: Answer = {};
  private dataOf: Answer | null = null; // the answer whose data are shown
  private known = ''; // the state the last answer was asked in
  private askedAt = 0;
  private cancelling = false;

  constructor(
    private readonly actions: Actions,
    private readonly events: DetailsEvents,
  ) {
    const deeds: [Deed, string, () => void][] = [
      ['cancel', 'Cancel', () => void this.cancel()],
      ['retry', 'Retry', () => void this.actions.retry(failedLike(this.failure(), Number(this.id)), this.say)],
      ['log', 'Log', () => this.events.log(Number(this.id))],
      ['code', 'Copy as code', () => void this.actions.copyCode(Number(this.id), this.copied, this.say)],
      ['list', 'List its tasks', () => this.id !== null && this.events.list(this.id)],
    ];
    for (const [deed, words, act] of deeds) {
      const button = el('button', { class: 'trd-button', type: 'button', 'data-deed': deed }, words);
      button.addEventListener('click', () => {
        if (button.getAttribute('aria-disabled') !== 'true') act(); // not `disabled`: that would take the focus away
      });
      this.buttons.set(deed, button);
    }
    this.closeButton.addEventListener('click', () => events.close());
    this.element = el(
      'div',
      { class: 'trd-details', role: 'region', 'aria-label': 'Details', hidden: true },
      el('div', { class: 'trd-details-head' }, this.name, el('div', { class: 'trd-deeds' }, ...this.buttons.values()), this.closeButton),
      this.said,
      this.copied,
      this.facts,
      this.trace,
      this.tail,
      this.data,
    );
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') events.close();
    });
  }

  private readonly say = (text: string, bad: boolean): void => {
    setText(this.said, text);
    setAttribute(this.said, 'data-bad', String(bad));
  };

  show(state: State, id: string | null): void {
    const walked = id !== this.id && this.data.contains(document.activeElement); // a datum's maker was pressed
    if (id !== this.id) {
      this.data.replaceChildren();
      this.answer = {};
      this.known = '';
      this.askedAt = 0;
      this.cancelling = false;
      this.say('', false);
      this.copied.replaceChildren();
      this.tail.hidden = true;
    }
    this.id = id;
    this.update(state);
    if (walked && !this.element.hidden) this.focus();
  }

  /** Take in the runtime's answer about a task. */
  take(number: number, data: Answer): void {
    if (String(number) !== this.id || !this.state) return;
    this.answer = data;
    this.update(this.state);
  }

  /** Take in the first page of what it printed: its last lines are shown. */
  takeLog(id: number, data: Answer): void {
    if (String(id) !== this.id) return;
    const parts = Array.isArray(data['parts']) ? (data['parts'] as [string, string][]) : [];
    const lines = parts.map(([, text]) => text).join('').trimEnd().split('\n');
    const cut = data['more'] ? '… and more: see the log' : '';
    this.tail.hidden = lines.join('') === '';
    setText(this.tail, [lines.length > TAIL_LINES ? `… ${lines.length - TAIL_LINES} lines before: see the log` : '', ...lines.slice(-TAIL_LINES), cut].filter(Boolean).join('\n'));
  }

  /** Say why nothing more is known. */
  refuse(number: number, words: string): void {
    if (String(number) === this.id) this.say(words, true);
  }

  shows(id: string): boolean {
    return this.id === id && !this.element.hidden;
  }

  focus(): void {
    const first = [...this.buttons.values()].find((button) => !button.hidden && button.getAttribute('aria-disabled') !== 'true');
    (first ?? this.closeButton).focus();
  }

  update(state: State): void {
    this.state = state;
    const id = this.id;
    const [task, group, failure] = id === null ? [] : [state.task[id], state.group[id], failureOf(state, id)];
    this.element.hidden = id === null || (!task && !group && !failure && !this.answer['label']);
    if (id === null) return;
    if (!group) this.askAgain(id, task?.state ?? '');
    if (this.element.hidden) return;
    if (task) this.call(nameOf(state, id), task.state);
    else if (group) this.call(`${groupName(state, group)} × ${count(total(group.counts))}`);
    else if (failure) this.call(`${failure.function ?? 'task'} #${id}`, 'failed');
    else this.call(String(this.answer['label']));
    const facts = group ? factsOfGroup(state, id) : factsOfTask(state, id, this.answer, Date.now() / 1000);
    this.factRows.update(facts);
    const ended = task ? FINAL.has(task.state) : failure !== undefined || this.answer['open'] === false;
    const trace = ended && task?.state !== 'done' ? this.traceback(failure?.traceback) : '';
    this.trace.hidden = !trace;
    setText(this.trace, trace);
    this.showData();
    this.enable(Boolean(group), ended, task?.state ?? (failure ? 'failed' : String(this.answer['state'] ?? '')));
  }

  /** What stands at the top; what is there already is left alone, as all here, so that it can be selected and copied. */
  private call(name: string, state?: TaskState): void {
    const words = state ? ` ${name}` : name;
    if (this.name.textContent === words && this.name.dataset['state'] === state) return;
    if (state) this.name.dataset['state'] = state;
    else delete this.name.dataset['state'];
    this.name.replaceChildren(...(state ? [signOf(state)] : []), words);
  }

  /** The longer of the two: the kernel's has the lines of the cells, the runtime's what led to it. */
  private traceback(fed: string | undefined): string {
    const asked = String(this.answer['traceback'] ?? this.answer['failure'] ?? '');
    return fed && /^-{2,}> /m.test(fed) && !/^-{2,}> /m.test(asked) ? fed : asked || (fed ?? '');
  }

  private enable(group: boolean, ended: boolean, state: string): void {
    const usable: { [deed in Deed]: boolean } = {
      cancel: !group && !ended && !this.cancelling,
      retry: !group && ended && state !== 'done' && this.answer['retriable'] !== false,
      log: !group,
      code: !group,
      list: group,
    };
    for (const [deed, button] of this.buttons) {
      button.hidden = (deed === 'list') !== group;
      setAttribute(button, 'aria-disabled', String(!usable[deed]));
    }
    const n = this.failure()?.count ?? 1;
    setText(this.buttons.get('cancel') as Element, this.cancelling && !ended ? 'Cancelling' : 'Cancel');
    setText(this.buttons.get('retry') as Element, n > 1 ? `Retry all ${count(n)}` : 'Retry');
  }

  /** The row of the failures that are like this one's. */
  private failure(): FailureRecord | undefined {
    return this.state && this.id !== null ? failureOf(this.state, this.id) : undefined;
  }

  private async cancel(): Promise<void> {
    this.cancelling = true;
    const id = Number(this.id);
    if (this.state) this.update(this.state);
    const done = await this.actions.cancel([id], this.say);
    if (!done && Number(this.id) === id) this.cancelling = false;
    if (this.state) this.update(this.state);
  }

  /** What the runtime knows changes with the task's state; where it waits and why also in between. */
  private askAgain(id: string, state: string): void {
    const waits = state === 'waiting' || state === 'ready' || state === 'placed';
    const now = Date.now();
    if (state === this.known && !(waits && now - this.askedAt > AGAIN_MS) && this.askedAt) return;
    this.known = state;
    this.askedAt = now;
    this.events.ask(Number(id));
  }

  private showData(): void {
    if (this.dataOf === this.answer || this.data.contains(document.activeElement)) return;
    this.dataOf = this.answer;
    const reads = dataIn(this.answer['reads']);
    const makes = dataIn(this.answer['makes']);
    const readers = Array.isArray(this.answer['readers']) ? (this.answer['readers'] as [number, string][]) : [];
    const rows: HTMLElement[] = [];
    if (reads.length) rows.push(this.row('reads', reads, number(this.answer['reads_total']) ?? reads.length));
    if (makes.some((datum) => datum.nbytes)) rows.push(this.row('makes', makes.map((datum, i) => ({ ...datum, maker: 0, label: makes.length > 1 ? `output ${i + 1}` : 'its result' })), makes.length));
    if (readers.length) rows.push(this.row('read by', readers.map(([maker, label]) => ({ maker, label, nbytes: 0, state: '', place: '' })), readers.length));
    this.data.replaceChildren(...rows);
  }

  private row(title: string, data: Datum[], all: number): HTMLElement {
    const items = data.slice(0, SHOWN).map((datum) => {
      const words = shorten(datum.label, 60);
      const name = datum.maker ? el('button', { class: 'trd-link', type: 'button' }, words) : el('span', {}, words);
      if (datum.maker) name.addEventListener('click', () => this.events.choose(String(datum.maker)));
      const where = datum.place === 'worker' ? 'on its worker' : datum.place ? `in the ${datum.place}` : datum.state === 'pending' ? 'not made yet' : datum.state;
      const size = [datum.nbytes ? inBytes(datum.nbytes) : '', where].filter(Boolean).join(', ');
      return el('li', {}, name, ...(size ? [el('span', { class: 'trd-muted' }, ` ${size}`)] : []));
    });
    if (all > items.length) items.push(el('li', { class: 'trd-muted' }, `and ${all - items.length} more`));
    return el('div', { class: 'trd-data-row' }, el('span', { class: 'trd-muted' }, title), el('ul', { class: 'trd-inline' }, ...items));
  }
}

function makeFact(name: string): { element: HTMLElement; value: HTMLElement } {
  const value = el('dd');
  return { element: el('div', { 'data-fact': name }, el('dt', {}, name), value), value };
}
