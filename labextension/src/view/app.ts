// The view: header, graph, workers, functions, failures. Knows the feed and how to send, not where it is mounted.
import { type Delta, nothing, reduce, type State } from '../feed/reducer.ts';
import { membersFrom } from '../graph/nodes.ts';
import { GraphPanel } from '../graph/panel.ts';
import { STATES, WORD } from '../states.ts';
import { type Answer, type CommandName, Commands, type FromPython, type Link } from '../link/link.ts';
import { followTheme } from '../theme.ts';
import type { Counts, TaskState } from '../feed/reducer.ts';
import { DetailsView } from './details.ts';
import { el, setText, signOf } from './dom.ts';
import { FailuresView } from './failures.ts';
import { FunctionsView } from './functions.ts';
import { CSS as LOOK } from './styles.ts';
import { WorkersView } from './workers.ts';

const RESET_AGAIN_MS = 2000;

export class App {
  readonly root = el('div', { class: 'trd', 'data-lm-suppress-shortcuts': 'true', role: 'group', 'aria-label': 'Treadle: live view' });
  readonly state: State = nothing();
  private readonly chips = new Map<TaskState, { element: HTMLElement; text: HTMLElement }>();
  private readonly status = el('span', { class: 'trd-status' }, 'waiting for data');
  private readonly graph = new GraphPanel({
    choose: (id, keyboard) => this.choose(id, keyboard),
    open: () => this.details.focus(),
    members: async (group, offset) => membersFrom(await this.commands.ask('members', { group, offset })),
  });
  private readonly workers = new WorkersView();
  private readonly functions = new FunctionsView();
  private readonly failures = new FailuresView((number) => this.onFailure(number));
  private readonly details = new DetailsView({ close: () => this.close(), cancel: (number) => this.cancel(number) });
  private readonly commands: Commands;
  private readonly endTheme: () => void;
  private readonly endLink: () => void;
  private asked = 0;

  constructor(private readonly link: Link) {
    this.commands = new Commands(link);
    this.endLink = link.listen((message) => this.take(message));
    const chips = el('div', { class: 'trd-chips' });
    for (const state of STATES) {
      const text = el('span');
      const element = el('span', { class: 'trd-chip', 'data-chip': state, hidden: true }, signOf(state), text);
      this.chips.set(state, { element, text });
      chips.append(element);
    }
    const graph = el('div', { class: 'trd-main' }, this.graph.element, this.details.element);
    const side = el('div', { class: 'trd-side' }, this.failures.element, this.workers.element, this.functions.element);
    const style = el('style');
    style.textContent = LOOK;
    this.root.append(
      style,
      el('div', { class: 'trd-head' }, el('span', { class: 'trd-brand' }, 'Treadle'), chips, this.status),
      el('div', { class: 'trd-body' }, graph, side),
      this.failures.announcer,
    );
    this.endTheme = followTheme(this.root, (palette) => this.graph.setPalette(palette));
  }

  dispose(): void {
    this.endLink();
    this.endTheme();
    this.graph.dispose();
    this.root.remove();
  }

  private take(message: FromPython): void {
    if (this.commands.take(message)) return;
    if (message.type === 'delta') this.onDelta(message.data);
    else if (message.type === 'status') setText(this.status, message.text);
    else if (message.type === 'link') this.updateHead();
  }

  private onDelta(delta: Delta): void {
    const before = this.state.seq;
    const epoch = this.state.epoch;
    if (!reduce(this.state, delta)) {
      if (Date.now() - this.asked < RESET_AGAIN_MS) return;
      this.asked = Date.now();
      this.link.send({ type: 'reset' });
      return;
    }
    if (!delta.reset && before === this.state.seq && epoch === this.state.epoch) return;
    this.graph.update(this.state, delta);
    this.workers.update(this.state);
    this.functions.update(this.state);
    this.failures.update(this.state);
    this.details.update(this.state);
    this.updateHead();
  }

  private updateHead(): void {
    const counts: Counts = {};
    for (const { counts: some } of Object.values(this.state.function)) {
      for (const state of STATES) counts[state] = (counts[state] ?? 0) + (some[state] ?? 0);
    }
    for (const [state, { element, text }] of this.chips) {
      const count = counts[state] ?? 0;
      element.hidden = !count;
      setText(text, `${count.toLocaleString('en')} ${WORD[state]}`);
    }
    this.root.dataset['seq'] = String(this.state.seq);
    const session = this.state.session['self'] ?? {};
    const name = session['name'] ? `${session['name']} · ` : '';
    setText(this.status, `${name}${this.link.name}`);
  }

  /** Look at a task (a failed one may no longer be drawn), a group, or nothing. */
  private choose(id: string | null, keyboard: boolean): void {
    this.graph.choose(id, keyboard);
    this.failures.mark(id);
    this.details.show(this.state, id);
    if (id === null) return;
    if (!(id in this.state.group)) this.ask('details', { number: Number(id) }, (data) => this.details.take(this.state, Number(id), data));
  }

  private cancel(number: number): void {
    this.ask('cancel', { numbers: [number] });
  }

  /** Ask the runtime; what it can't do is said in the head. */
  private ask(name: CommandName, args: Answer, then: (data: Answer) => void = () => {}): void {
    this.commands.ask(name, args).then(then, (error: unknown) => setText(this.status, error instanceof Error ? error.message : String(error)));
  }

  private onFailure(number: number): void {
    if (this.details.shows(String(number))) return this.choose(null, false);
    this.choose(String(number), true);
  }

  private close(): void {
    this.choose(null, true);
    this.graph.focus();
    this.choose(null, true);
  }
}
