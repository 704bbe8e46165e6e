// Details of one task or group: what the feed says at once, the rest when the runtime has answered.
import type { State } from '../feed/reducer.ts';
import { FINAL, inWords, sayProgress, total, WORD } from '../states.ts';
import { el, setText, signOf } from './dom.ts';
import { nameOf } from './tasklist.ts';

export interface DetailsEvents {
  close(): void;
  cancel(number: number): void;
}

const HIDDEN = new Set(['number', 'label', 'traceback', 'failure']); // shown in places of their own
const NAMES: { [name: string]: string } = { run_s: 'ran for', why: 'why' };

export class DetailsView {
  private readonly head = el('div', { class: 'trd-details-name' });
  private readonly facts = el('dl', { class: 'trd-facts' });
  private readonly trace = el('pre', { class: 'trd-trace', tabindex: 0, 'aria-label': 'Traceback', hidden: true });
  private readonly cancelButton = el('button', { class: 'trd-button', type: 'button' }, 'Cancel');
  private readonly closeButton = el('button', { class: 'trd-button trd-quiet', type: 'button', 'aria-label': 'Close details' }, '✕');
  readonly element = el(
    'div',
    { class: 'trd-details', role: 'region', 'aria-label': 'Details', hidden: true },
    el('div', { class: 'trd-details-head' }, this.head, this.cancelButton, this.closeButton),
    this.facts,
    this.trace,
  );
  private id: string | null = null;
  private asked = false;
  private answer: { [name: string]: unknown } = {};

  constructor(events: DetailsEvents) {
    this.closeButton.addEventListener('click', () => events.close());
    this.cancelButton.addEventListener('click', () => {
      if (this.id === null || this.asked) return;
      this.askedToCancel(true); // not `disabled`: that would take the focus away
      events.cancel(Number(this.id));
    });
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') events.close();
    });
  }

  show(state: State, id: string | null): void {
    if (id !== this.id) {
      this.answer = {};
      this.askedToCancel(false);
    }
    this.id = id;
    this.update(state);
  }

  /** Take in the runtime's answer about a task. */
  take(state: State, number: number, data: { [name: string]: unknown }): void {
    if (String(number) !== this.id) return;
    this.answer = data;
    this.update(state);
  }

  private askedToCancel(asked: boolean): void {
    this.asked = asked;
    this.cancelButton.setAttribute('aria-disabled', String(asked));
    setText(this.cancelButton, asked ? 'Cancelling' : 'Cancel');
  }

  shows(id: string): boolean {
    return this.id === id && !this.element.hidden;
  }

  focus(): void {
    this.closeButton.focus();
  }

  update(state: State): void {
    const id = this.id;
    const task = id === null ? undefined : state.task[id];
    const group = id === null ? undefined : state.group[id];
    const failure = state.failure.find((row) => String(row.number) === id || row.numbers?.some((number) => String(number) === id));
    this.element.hidden = !task && !group && !failure;
    if (id === null || this.element.hidden) return;
    const facts: [string, string][] = [];
    if (task) {
      this.head.replaceChildren(signOf(task.state), ` ${nameOf(state, id)}`);
      facts.push(['state', WORD[task.state]]);
      if (failure?.type) facts.push(['error', shorten(`${failure.type}: ${failure.message ?? ''}`, 300)]);
      if (task.cell) facts.push(['cell', `[${task.cell}]`]);
      if (task.worker) facts.push(['worker', String(task.worker)]);
      if (task.since) facts.push(['for', `${Math.max(0, Date.now() / 1000 - task.since).toFixed(1)} s`]);
      const said = sayProgress(task);
      if (said) facts.push(['progress', said]);
      if (task.in?.length) facts.push(['reads', shorten(task.in.map((maker) => (typeof maker === 'number' ? `#${maker}` : maker)).join(' '), 120)]);
    } else if (failure) {
      this.head.replaceChildren(signOf('failed'), ` ${failure.function ?? 'task'} #${id}`);
    } else if (group) {
      const name = group.fn < 0 ? 'older tasks' : (state.function[group.fn]?.name ?? 'task');
      setText(this.head, `${name} × ${total(group.counts).toLocaleString('en')}`);
      facts.push(['states', inWords(group.counts)]);
      if (group.cell) facts.push(['cell', `[${group.cell}]`]);
    }
    for (const [name, value] of Object.entries(this.answer)) {
      if (HIDDEN.has(name) || !value || typeof value === 'object' || facts.some(([known]) => known === name)) continue;
      if (name === 'attempt' && value === 1) continue;
      facts.push([NAMES[name] ?? name, name === 'run_s' ? inSeconds(Number(value)) : shorten(String(value), 400)]);
    }
    this.facts.replaceChildren(...facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
    const trace = this.answer['traceback'] ?? this.answer['failure'] ?? failure?.traceback;
    this.trace.hidden = !trace;
    setText(this.trace, String(trace ?? ''));
    this.cancelButton.hidden = !task || FINAL.has(task.state);
  }
}

function inSeconds(seconds: number): string {
  return seconds < 0.001 ? `${Math.round(seconds * 1e6)} µs` : seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
