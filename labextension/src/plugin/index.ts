// The JupyterLab plugin: panel, tabs, status item, commands, running list.
//
// Everything it needs of the page is optional: Jupyter Notebook has neither tabs nor a status bar, and there the side
// panel carries both. Without the server extension it says so in one line, and asks the kernels of open notebooks.
import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ISettingRegistry, type Settings } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, type Translation } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import type { Counts } from '../feed/reducer.ts';
import { addressesOf, ServerLink } from '../link/websocket.ts';
import { el } from '../page/dom.ts';
import { clock } from '../words/format.ts';
import type { Anchor } from './anchors.ts';
import { type Cancel, CancelButtons } from './buttons.ts';
import { addCommands, kernelOf, request, stopAfterAsking } from './commands.ts';
import type { LineFacts } from './line.ts';
import type { LiveView } from './live.ts';
import { Kernels } from './kernels.ts';
import { LOOK } from './look.ts';
import { CellNumbers } from './numbers.ts';
import { SidePanel } from './panel.ts';
import { Repair } from './repair.ts';
import { listRunning } from './running.ts';
import { type Runtime, Runtimes } from './runtimes.ts';
import { sourceOf } from './server.ts';
import { StandIns } from './standin.ts';
import { StatusItem } from './status_item.ts';
import { Tabs } from './tabs.ts';
import { Watches } from './watch.ts';

const ID = 'treadle:plugin';
const RANK = 700;
const DEFAULTS = { showStatus: true, openAtStart: false, side: 'right', pollSeconds: 5 };

/** What the page provides, each null where it does not. */
interface Page {
  readonly app: JupyterFrontEnd;
  readonly lab: ILabShell | null;
  readonly restorer: ILayoutRestorer | null;
  readonly palette: ICommandPalette | null;
  readonly tracker: INotebookTracker | null;
  readonly running: IRunningSessionManagers | null;
  readonly registry: ISettingRegistry | null;
  readonly statusBar: IStatusBar | null;
  readonly trans: Translation;
}

const english: Translation = {
  __: (text, ...args) => text.replace(/%(\d)/g, (_, n: string) => String(args[Number(n) - 1])),
};

async function activate(page: Page): Promise<void> {
  const { app, tracker, trans } = page;
  const settings = await settingsOf(page.registry);
  const option = <K extends keyof typeof DEFAULTS>(name: K): (typeof DEFAULTS)[K] => (settings?.composite[name] as (typeof DEFAULTS)[K] | undefined) ?? DEFAULTS[name];
  const server = app.serviceManager.serverSettings;
  const works = (): boolean => tracker?.currentWidget?.sessionContext.session?.kernel?.status === 'busy';
  const source = sourceOf(server);
  const stop = async (name: string): Promise<void> => {
    const runtime = runtimes.named(name);
    await (runtime?.via ? watches.of(runtime).ask('stop', {}) : source.stop(name));
  };
  const runtimes: Runtimes = new Runtimes({ list: source.list, stop }, () => (works() && !active() ? 1 : option('pollSeconds'))); // it may start one now
  const watches: Watches = new Watches((runtime) => (runtime.via ? (kernels as Kernels).linkTo(runtime) : new ServerLink(addressesOf(server, runtime.name))));
  const kernels = tracker && new Kernels(tracker, runtimes);
  runtimes.others = () => kernels?.list() ?? [];
  runtimes.listen(() => watches.keep(runtimes.list));
  document.head.append(el('style', {}, LOOK));
  new StandIns(runtimes, watches, (place) => isBusy(tracker, place));

  const active = (): Runtime | undefined => runtimes.ofKernel(kernelOf(tracker));
  const tabs = page.lab ? new Tabs(app, runtimes, watches, trans, page.restorer) : null;
  const panel = new SidePanel(runtimes, watches, { active, stop: (runtime) => void stopAfterAsking(runtimes, watches, runtime, trans), openTab: tabs && ((runtime) => tabs.open(runtime.name)) }, trans);
  const side = option('side') === 'left' ? 'left' : 'right';
  app.shell.add(panel, side, { rank: RANK });
  page.restorer?.add(panel, panel.id);

  const open = (): LiveView => {
    if (page.lab) app.shell.activateById(panel.id);
    else if (side === 'left') app.shell.expandLeft?.(panel.id);
    else app.shell.expandRight?.(panel.id);
    return panel.live;
  };
  const meant = (): Runtime | undefined => active() ?? panel.current;
  const openTab = tabs && ((name: string | undefined) => {
    const wanted = name ?? meant()?.name;
    if (wanted) tabs.open(wanted);
  });
  const numbers = new CellNumbers(tracker);
  addCommands(app, page.palette, { tracker, runtimes, watches, trans, active, meant, open, openTab, numberOf: (cell) => numbers.of(cell) });
  if (page.running) {
    listRunning(page.running, runtimes, (runtime) => watches.words(runtime), (runtime) => {
      panel.choose(runtime);
      open();
    }, trans);
  }
  const status = page.statusBar && showStatus(page.statusBar, page, runtimes, watches, tracker ? active : meant, open, () => option('showStatus'), settings);
  if (tracker) mendOutputs(tracker, runtimes, watches, trans);
  followNotebooks(page, runtimes, () => {
    panel.followActive();
    status?.();
  });
  void app.restored.then(() => option('openAtStart') && open());
  void runtimes.refresh();
}

/** Another notebook or kernel may have another runtime; a kernel that begins to work may have started one. */
function followNotebooks({ app, tracker }: Page, runtimes: Runtimes, changed: () => void): void {
  const update = (): void => {
    changed();
    app.commands.notifyCommandChanged();
  };
  tracker?.currentChanged.connect(update);
  tracker?.widgetAdded.connect((_, panel) => {
    panel.sessionContext.kernelChanged.connect(() => {
      void runtimes.refresh();
      update();
    });
    panel.sessionContext.statusChanged.connect(() => void runtimes.refresh());
  });
  runtimes.listen(() => app.commands.notifyCommandChanged());
}

/** Lines and cards: brought up to date after a reload, with buttons that cancel. */
function mendOutputs(tracker: INotebookTracker, runtimes: Runtimes, watches: Watches, trans: Translation): void {
  const of = (epoch: string): Runtime | undefined => runtimes.list.find((runtime) => runtime.epoch === epoch);
  const askLine = async ({ epoch, tasks }: Anchor): Promise<LineFacts | null> => {
    const runtime = of(epoch);
    if (!runtime || !tasks) return null;
    try {
      return { counts: (await watches.of(runtime).ask('line', { first: tasks[0], last: tasks[1] }))['counts'] as Counts, at: clock(Date.now() / 1000) };
    } catch {
      return null; // it ends, or is older than the page: the line says as of when it is true
    }
  };
  const cancel = async ({ epoch, first, last }: Cancel): Promise<void> => {
    const runtime = of(epoch);
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    if (runtime) await request(watches, runtime, 'cancel', { numbers });
  };
  const mend = (panel: NotebookPanel): void => {
    const repair = new Repair(panel, askLine);
    const buttons = new CancelButtons(panel.content.node, trans, (epoch) => of(epoch) !== undefined, cancel);
    const end = runtimes.listen(() => buttons.soon());
    panel.disposed.connect(() => {
      end();
      repair.dispose();
      buttons.dispose();
    });
  };
  tracker.forEach(mend);
  tracker.widgetAdded.connect((_, panel) => mend(panel));
}

/** Whether the kernel of the notebook around an element can't say anything now. */
function isBusy(tracker: INotebookTracker | null, place: HTMLElement): boolean {
  const panel = tracker?.find((each) => each.node.contains(place));
  return panel?.sessionContext.session?.kernel?.status !== 'idle'; // after a reload it is unknown at first
}

function showStatus(
  bar: IStatusBar, { trans }: Page, runtimes: Runtimes, watches: Watches, meant: () => Runtime | undefined, open: () => void, wanted: () => boolean, settings: Settings | null,
): () => void {
  const item = new StatusItem(trans.__('Treadle: show the live view'), open);
  const changed = new Signal<unknown, void>(item);
  const update = (): void => {
    const runtime = meant();
    const words = runtime ? watches.words(runtime) : '';
    item.say(`treadle ${words}`.trim(), runtime !== undefined && (watches.status(runtime)?.failed ?? 0) > 0);
    changed.emit();
  };
  bar.registerStatusItem(ID, { item, align: 'left', rank: RANK, isActive: () => wanted() && meant() !== undefined, activeStateChanged: changed });
  runtimes.listen(update);
  watches.listen(update);
  settings?.changed.connect(update);
  return update;
}

async function settingsOf(registry: ISettingRegistry | null): Promise<Settings | null> {
  try {
    return (await registry?.load(ID)) ?? null;
  } catch (error) {
    console.warn('Treadle: its settings could not be read, so the defaults hold.', error); // its schema is not installed
    return null;
  }
}

const absent = new Token<never>('treadle:absent'); // for what a page's packages do not have at all

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Seeing and steering Treadle's tasks",
  autoStart: true,
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, INotebookTracker, IRunningSessionManagers, ISettingRegistry, IStatusBar, ITranslator].map(
    (token) => (token as Token<unknown> | undefined) ?? absent,
  ),
  activate: (
    app: JupyterFrontEnd, lab: ILabShell | null, restorer: ILayoutRestorer | null, palette: ICommandPalette | null, tracker: INotebookTracker | null,
    running: IRunningSessionManagers | null, registry: ISettingRegistry | null, statusBar: IStatusBar | null, translator: ITranslator | null,
  ) => activate({ app, lab, restorer, palette, tracker, running, registry, statusBar, trans: translator?.load('treadle') ?? english }),
};

export default plugin;
