// The side panel: the runtimes of all kernels, and the live view of one of them.
import { Panel, Widget } from '@lumino/widgets';
import type { Translation } from '@jupyterlab/translation';
import { el, Rows, setText } from '../page/dom.ts';
import { icon } from './icon.ts';
import { LiveView } from './live.ts';
import { type Runtime, type Runtimes, titleOf } from './runtimes.ts';
import type { Watches } from './watch.ts';

interface Row {
  element: HTMLElement;
  choose: HTMLElement;
  title: HTMLElement;
  words: HTMLElement;
  stop: HTMLElement;
}

export interface PanelEvents {
  /** The runtime of the notebook that is used now. */
  active(): Runtime | undefined;
  stop(runtime: Runtime): void;
  openTab: ((runtime: Runtime) => void) | null; // where there are tabs
}

export class SidePanel extends Panel {
  readonly live: LiveView;
  private chosen: string | undefined;
  private readonly hint = el('div', { class: 'trd-p-hint', role: 'status', hidden: true });
  private readonly list = el('ul', { class: 'trd-p-list' });
  private readonly rows: Rows<Runtime, Row>;
  private wasActive: string | undefined;

  constructor(
    private readonly runtimes: Runtimes,
    private readonly watches: Watches,
    private readonly events: PanelEvents,
    private readonly trans: Translation,
  ) {
    super();
    this.id = 'treadle-panel';
    this.title.icon = icon;
    this.title.caption = trans.__('Treadle: tasks and runtimes');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Treadle'));
    this.addClass('trd-p');
    this.list.setAttribute('aria-label', trans.__('Runtimes'));
    this.rows = new Rows(this.list, (key) => this.makeRow(key), (row, runtime) => this.fillRow(row, runtime));
    const head = new Widget({ node: el('div', { class: 'trd-p-head' }, this.hint, this.list) });
    this.live = new LiveView(watches, () =>
      runtimes.list.length ? trans.__('Choose a runtime above.') : trans.__('No runtime yet: it starts with the first call of a function decorated with @task.'),
    );
    this.addWidget(head);
    this.addWidget(this.live);
    runtimes.listen(() => this.followActive());
    watches.listen(() => this.showRows());
    this.followActive();
  }

  /** The runtime that is looked at. */
  get current(): Runtime | undefined {
    return this.runtimes.named(this.chosen);
  }

  choose(runtime: Runtime): void {
    this.chosen = runtime.name;
    this.followActive();
  }

  /** Another notebook is used now, or the list has changed: its runtime is shown, unless another was chosen meanwhile. */
  followActive(): void {
    const active = this.events.active();
    if (active && active.name !== this.wasActive) this.chosen = active.name;
    this.wasActive = active?.name;
    if (!this.current) this.chosen = (active ?? this.runtimes.list.at(-1))?.name;
    this.hint.hidden = !this.runtimes.hint;
    setText(this.hint, this.runtimes.hint);
    this.live.follow(this.current);
    this.showRows();
  }

  private showRows(): void {
    this.list.hidden = !this.runtimes.list.length;
    this.rows.update(this.runtimes.list.map((runtime) => [runtime.name, runtime]));
  }

  private makeRow(name: string): Row {
    const title = el('span', { class: 'trd-p-title' });
    const words = el('span', { class: 'trd-p-words' });
    const choose = el('button', { class: 'trd-p-choose', type: 'button' }, title, words);
    const run = (act: (runtime: Runtime) => void): (() => void) => () => {
      const runtime = this.runtimes.named(name);
      if (runtime) act(runtime);
    };
    choose.addEventListener('click', run((runtime) => this.choose(runtime)));
    const stop = el('button', { class: 'trd-p-tool', type: 'button' }, this.trans.__('Stop'));
    stop.addEventListener('click', run((runtime) => this.events.stop(runtime)));
    const element = el('li', { class: 'trd-p-row', 'data-runtime': name }, choose);
    const { openTab } = this.events;
    if (openTab) {
      const open = el('button', { class: 'trd-p-tool', type: 'button', title: this.trans.__('Open in a tab') }, this.trans.__('Tab'));
      open.addEventListener('click', run(openTab));
      element.append(open);
    }
    element.append(stop);
    return { element, choose, title, words, stop };
  }

  private fillRow(row: Row, runtime: Runtime): void {
    const title = titleOf(runtime);
    setText(row.title, title);
    row.choose.title = runtime.name === title ? title : `${title} (${runtime.name})`;
    setText(row.words, runtime.hint ?? this.watches.words(runtime));
    row.stop.title = this.trans.__('Stop %1: cancel its tasks and end its workers', title);
    row.stop.setAttribute('aria-label', row.stop.title);
    const chosen = runtime.name === this.chosen;
    row.choose.setAttribute('aria-pressed', String(chosen));
    row.element.classList.toggle('trd-p-chosen', chosen);
  }
}
