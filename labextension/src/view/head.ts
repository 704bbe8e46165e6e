// The head: how many tasks are in which state (press one to see only those), and how the page is served.
import type { State, TaskState } from '../feed/reducer.ts';
import { el, setAttribute, setText, signOf } from '../page/dom.ts';
import { count } from '../words/format.ts';
import { countsOf, heldIn, STATES, WORD } from '../words/states.ts';

const SAID_MS = 6000;

export class Head {
  private readonly chips = new Map<TaskState, { element: HTMLElement; text: HTMLElement }>();
  private readonly status = el('span', { class: 'trd-status', role: 'status' }, 'waiting for data');
  readonly element: HTMLElement;
  private wanted = 'waiting for data';
  private saying: ReturnType<typeof setTimeout> | undefined;

  constructor(toggle: (state: TaskState) => void) {
    const chips = el('div', { class: 'trd-chips', role: 'group', 'aria-label': 'Tasks by state: press to see only those' });
    for (const state of STATES) {
      const text = el('span');
      const word = el('span', { class: 'trd-word' }, ` ${WORD[state]}`);
      const element = el('button', { class: 'trd-chip', type: 'button', title: WORD[state], 'data-chip': state, 'aria-pressed': 'false', hidden: true }, signOf(state), el('span', {}, text, word));
      element.addEventListener('click', () => toggle(state));
      this.chips.set(state, { element, text });
      chips.append(element);
    }
    this.element = el('div', { class: 'trd-head' }, el('span', { class: 'trd-brand' }, 'Treadle'), chips, this.status);
  }

  update(state: State, link: string): void {
    const counts = countsOf(state);
    for (const [each, { element, text }] of this.chips) {
      const n = counts[each] ?? 0;
      element.hidden = !n && element.getAttribute('aria-pressed') !== 'true';
      setText(text, count(n));
    }
    const held = heldIn(state);
    const name = state.session['self']?.['name'];
    this.wanted = [held && `${count(held)} held: %treadle resume`, name && String(name), link].filter(Boolean).join(' · ');
    if (this.saying === undefined) setText(this.status, this.wanted);
  }

  /** Which state is filtered by. */
  press(state: TaskState | undefined): void {
    for (const [each, { element }] of this.chips) setAttribute(element, 'aria-pressed', String(each === state));
  }

  /** Say something for a few seconds. */
  say(text: string): void {
    clearTimeout(this.saying);
    setText(this.status, text);
    this.saying = setTimeout(() => {
      this.saying = undefined;
      setText(this.status, this.wanted);
    }, SAID_MS);
  }
}
