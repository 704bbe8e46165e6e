// The view as a whole: which parts there are, what reaches them, what they ask for. Knows the feed and a link, not where it
// is mounted. Where a part stands is `places.ts`' matter.
import { ExportMenu } from '../export/menu.ts';
import { type Delta, nothing, reduce, type State } from '../feed/reducer.ts';
import { membersFrom } from '../graph/nodes.ts';
import { GraphPanel } from '../graph/panel.ts';
import { type Answer, type CommandName, Commands, type FromPython, type Link } from '../link/link.ts';
import { el } from '../page/dom.ts';
import { followTheme } from '../page/theme.ts';
import { StreamPanel } from '../stream/panel.ts';
import { type Filter, isEmpty } from '../words/filter.ts';
import { wordsOf } from '../words/format.ts';
import { Actions } from './actions.ts';
import { DetailsView } from './details.ts';
import { FailuresView } from './failures.ts';
import { FilterBar } from './filterbar.ts';
import { FunctionsView } from './functions.ts';
import { Head } from './head.ts';
import { LogView } from './log.ts';
import { Places } from './places.ts';
import { LOOK } from './look.ts';
import { type Part, PARTS, Tabs } from './tabs.ts';
import { TasksView } from './tasks.ts';
import { WorkersView } from './workers.ts';

const RESET_AGAIN_MS = 2000;
const TICK_MS = 1000;

export class App {
  readonly root = el('div', { class: 'trd', 'data-lm-suppress-shortcuts': 'true', role: 'group', 'aria-label': 'Treadle: live view' });
  readonly state: State = nothing();
  private readonly commands: Commands;
  private readonly actions: Actions;
  private readonly head = new Head((state) => this.filters.toggleState(state));
  private readonly filters = new FilterBar((filter) => this.setFilter(filter));
  private readonly tabs = new Tabs(() => this.onShown());
  private readonly exports: ExportMenu = new ExportMenu({ drawn: () => this.graph.drawn, refused: (why) => this.graph.say(why) });
  private readonly graph = new GraphPanel(this.exports.element, {
    choose: (id, keyboard) => this.choose(id, keyboard),
    open: () => this.details.focus(),
    members: async (group, offset) => membersFrom(await this.commands.ask('members', { group, offset })),
  });
  private readonly stream = new StreamPanel({ choose: (id) => this.choose(id, true), open: () => this.details.focus() });
  private readonly tasks = new TasksView({
    choose: (id) => this.choose(id, true),
    find: (text, state, offset) => this.ask('find', { text, state, offset }),
  });
  private readonly workers = new WorkersView((id) => this.choose(id, true));
  private readonly functions = new FunctionsView((fn) => this.filters.toggleFunction(fn));
  private readonly failures = new FailuresView({
    open: (number) => this.onFailure(number),
    retry: (these) => void this.actions.retry(these, (text) => this.head.say(text)),
    seen: (these) => {
      this.actions.seen(these);
      this.badge();
    },
  });
  private readonly log = new LogView({ read: (number, offset) => this.commands.ask('log', { number, offset }) });
  private readonly details: DetailsView;
  private readonly places: Places;
  private readonly ends: (() => void)[];
  private asked = 0;
  private chosen: string | null = null;

  constructor(private readonly link: Link) {
    this.commands = new Commands(link);
    this.actions = new Actions(this.commands, link);
    this.details = new DetailsView(this.actions, {
      close: () => this.close(),
      choose: (id) => this.choose(id, true),
      log: (number) => this.showLog(number),
      list: (group) => this.listTasks(group),
      ask: (number) => void this.askDetails(number),
    });
    this.places = new Places(this.root, this.tabs, { failures: this.failures.element, workers: this.workers.element, functions: this.functions.element }, () => this.update());
    for (const [part, element] of Object.entries({ graph: this.graph.element, stream: this.stream.element, tasks: this.tasks.element, log: this.log.element })) {
      this.tabs.panelOf(part as Part).append(element);
    }
    this.root.append(
      el('style', {}, LOOK),
      this.head.element,
      el('div', { class: 'trd-nav' }, this.tabs.list, this.filters.element),
      el('div', { class: 'trd-body' }, el('div', { class: 'trd-main' }, this.tabs.panels, this.details.element), this.places.side),
      this.failures.announcer,
    );
    const timer = setInterval(() => this.tick(), TICK_MS);
    this.ends = [
      link.listen((message) => this.take(message)),
      followTheme(this.root, (palette) => {
        this.graph.setPalette(palette);
        this.stream.setPalette(palette);
      }),
      () => clearInterval(timer),
      ...[this.graph, this.stream, this.tasks, this.log, this.places].map((part) => () => part.dispose()),
    ];
    this.onShown();
  }

  dispose(): void {
    for (const end of this.ends) end();
    this.root.remove();
  }

  /** Show a part of the view: "graph", "stream", "failures", "log"...; "export" opens the graph's menu. */
  show(part: string): void {
    if (part === 'export') {
      this.tabs.show('graph');
      this.exports.show(true);
    } else if (PARTS.some(([known]) => known === part)) this.tabs.show(part as Part);
  }

  // ---------------------------------------------------------------- what comes
  private take(message: FromPython): void {
    if (this.commands.take(message)) return;
    if (message.type === 'delta') this.onDelta(message.data);
    else if (message.type === 'status') this.head.say(message.text);
    else if (message.type === 'link') this.head.update(this.state, this.link.name);
  }

  private onDelta(delta: Delta): void {
    const { seq, epoch } = this.state;
    if (!reduce(this.state, delta)) {
      if (Date.now() - this.asked < RESET_AGAIN_MS) return;
      this.asked = Date.now();
      this.link.send({ type: 'reset' });
      return;
    }
    if (!delta.reset && seq === this.state.seq && epoch === this.state.epoch) return;
    this.root.dataset['seq'] = String(this.state.seq);
    this.graph.update(this.state, delta);
    this.failures.update(this.state);
    this.head.update(this.state, this.link.name);
    this.filters.update(this.state);
    this.badge();
    this.update();
  }

  /** Bring what is seen up to date. */
  private update(): void {
    const { state } = this;
    const part = this.tabs.chosen;
    if (part === 'stream') this.stream.update(state);
    if (part === 'tasks') this.tasks.update(state);
    if (part === 'workers' || this.places.hasSide) this.workers.update(state);
    if (part === 'functions' || this.places.hasSide) this.functions.update(state);
    this.log.update(state);
    this.details.update(state);
  }

  /** Time goes on without news: how long something has been running. */
  private tick(): void {
    if (document.hidden || !this.root.clientWidth || !Object.values(this.state.task).some((task) => task.state === 'running')) return;
    this.update();
  }

  // ---------------------------------------------------------------- what a person does
  private onShown(): void {
    this.root.dataset['part'] = this.tabs.chosen;
    this.places.place();
    this.stream.setActive(this.tabs.chosen === 'stream');
    this.log.setActive(this.tabs.chosen === 'log');
    this.update();
    if (this.tabs.chosen === 'stream') this.stream.choose(this.chosen);
  }

  private setFilter(filter: Filter): void {
    const wanted = isEmpty(filter) ? null : filter;
    this.graph.filter(wanted);
    this.stream.setFilter(wanted);
    this.tasks.setFilter(wanted);
    this.functions.mark(filter.fn);
    this.head.press(filter.state);
    this.head.update(this.state, this.link.name);
  }

  /** Look at a task (a failed one may no longer be drawn), a group, or nothing. */
  private choose(id: string | null, keyboard: boolean): void {
    this.chosen = id;
    this.graph.choose(id, keyboard);
    this.stream.choose(id);
    this.failures.mark(id);
    this.tasks.mark(id);
    if (id !== null && isNumber(id)) this.log.show(Number(id));
    this.details.show(this.state, id);
  }

  private onFailure(number: number): void {
    if (this.details.shows(String(number))) return this.choose(null, false);
    this.choose(String(number), true);
  }

  private close(): void {
    this.choose(null, true);
    const part = this.tabs.chosen;
    if (part === 'graph') this.graph.focus();
    else this.tabs.focus();
    this.choose(null, true);
  }

  private showLog(number: number): void {
    this.log.show(number);
    this.tabs.show('log');
    this.log.focus();
  }

  private listTasks(group: string): void {
    const record = this.state.group[group];
    if (record) this.filters.only(record.fn, record.cell);
    this.tabs.show('tasks');
  }

  private badge(): void {
    this.tabs.badge('failures', this.failures.unseen, 'not looked at');
  }

  // ---------------------------------------------------------------- what is asked
  private async askDetails(number: number): Promise<void> {
    if (Number.isNaN(number)) return;
    try {
      const data = await this.commands.ask('details', { number });
      this.details.take(number, data);
      if (data['began']) this.details.takeLog(number, await this.commands.ask('log', { number, offset: 0 }));
    } catch (error) {
      this.details.refuse(number, wordsOf(error));
    }
  }

  /** Ask the runtime; what it can't do is said in the head, and the answer is null. */
  private async ask(name: CommandName, args: Answer): Promise<Answer | null> {
    try {
      return await this.commands.ask(name, args);
    } catch (error) {
      this.head.say(wordsOf(error));
      return null;
    }
  }
}

function isNumber(id: string): boolean {
  return /^\d+$/.test(id);
}
