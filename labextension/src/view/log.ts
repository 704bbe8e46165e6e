// What a task has printed: page by page from where it was read last, following while the task runs. Text, never HTML.
import type { State } from '../feed/reducer.ts';
import type { Answer } from '../link/link.ts';
import { el, setText } from '../page/dom.ts';
import { count, uncoloured, wordsOf } from '../words/format.ts';
import { nameOf } from '../words/names.ts';
import { FINAL } from '../words/states.ts';

const EVERY_MS = 700;
const PAGES = 8; // read at once before a person is asked
const KEPT = 400_000; // characters in the page
const NEAR_END_PX = 24;

export interface LogEvents {
  /** Ask the runtime for what is behind `offset`; rejects with a sentence. */
  read(number: number, offset: number): Promise<Answer>;
}

export class LogView {
  private readonly title = el('h3', { class: 'trd-title' }, 'Log');
  private readonly note = el('p', { class: 'trd-muted', role: 'status' }, 'Choose a task, in the graph or the stream, to read what it has printed.');
  private readonly text = el('pre', { class: 'trd-log', tabindex: 0, role: 'log', 'aria-label': 'Output of the task', hidden: true });
  private readonly more = el('button', { class: 'trd-button', type: 'button', hidden: true }, 'Read on');
  readonly element = el('section', { class: 'trd-section trd-log-section', 'aria-label': 'Log' }, this.title, this.text, this.more, this.note);
  private number: number | null = null;
  private next = 0;
  private chars = 0;
  private dropped = 0;
  private state: State | null = null;
  private reading = false;
  private ended = false; // all of a final task is here
  private timer: ReturnType<typeof setInterval> | undefined; // while somebody looks

  constructor(private readonly events: LogEvents) {
    this.more.addEventListener('click', () => {
      this.more.hidden = true;
      void this.read();
    });
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  update(state: State): void {
    this.state = state;
    if (this.number !== null) setText(this.title, `Log of ${nameOf(state, String(this.number))}${this.runs() ? ' · follows' : ''}`);
  }

  /** Whether anybody looks. */
  setActive(active: boolean): void {
    clearInterval(this.timer);
    this.timer = active ? setInterval(() => void this.read(), EVERY_MS) : undefined;
    void this.read();
  }

  /** Show the log of a task. */
  show(number: number): void {
    if (number === this.number) return;
    this.number = number;
    [this.next, this.chars, this.dropped, this.ended] = [0, 0, 0, false];
    this.text.replaceChildren();
    this.text.hidden = this.more.hidden = true;
    setText(this.note, '');
    if (this.state) this.update(this.state);
    void this.read();
  }

  focus(): void {
    this.text.focus();
  }

  private runs(): boolean {
    const task = this.number === null ? undefined : this.state?.task[this.number];
    return task !== undefined && !FINAL.has(task.state);
  }

  private async read(): Promise<void> {
    if (this.number === null || this.timer === undefined || this.reading || this.ended || !this.more.hidden || document.hidden) return;
    const { number } = this;
    this.reading = true;
    try {
      await this.pages(number);
    } catch (error) {
      if (number !== this.number) return;
      setText(this.note, wordsOf(error));
      this.more.hidden = false; // to try it again
    } finally {
      this.reading = false;
    }
  }

  private async pages(number: number): Promise<void> {
    for (let page = 0; page < PAGES; page++) {
      const runs = this.runs(); // before it is asked: what comes last is not missed
      const answer = await this.events.read(number, this.next);
      if (number !== this.number) return;
      this.append(Array.isArray(answer['parts']) ? (answer['parts'] as [string, string][]) : []);
      this.next = Number(answer['next'] ?? this.next);
      if (answer['more']) continue;
      this.ended = !runs;
      setText(this.note, this.chars ? this.forgotten() : runs ? 'Nothing printed yet.' : 'It has printed nothing.');
      return;
    }
    this.more.hidden = false;
    setText(this.note, `${count(this.chars)} characters so far. ${this.forgotten()}`);
  }

  private append(parts: [string, string][]): void {
    const follows = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < NEAR_END_PX;
    for (const [stream, printed] of parts) {
      const said = uncoloured(printed);
      this.text.append(el('span', stream === 'stdout' ? {} : { class: 'trd-stderr', 'data-stream': stream }, said));
      this.chars += said.length;
    }
    while (this.chars - this.dropped > KEPT && this.text.childElementCount > 1) {
      this.dropped += this.text.firstElementChild?.textContent?.length ?? 0;
      this.text.firstElementChild?.remove();
    }
    this.text.hidden = !this.chars;
    if (follows) this.text.scrollTop = this.text.scrollHeight;
  }

  private forgotten(): string {
    return this.dropped ? `The first ${count(this.dropped)} characters have left the page; %treadle log ${this.number} shows all.` : '';
  }
}
