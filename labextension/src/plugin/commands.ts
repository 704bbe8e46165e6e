// The commands `treadle:*`: what each is called, when it can be used, what it does.
//
// Menus and the context menu stand in schema/plugin.json, where people can change them.
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, type ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import type { Cell, INotebookTracker } from '@jupyterlab/notebook';
import type { Translation } from '@jupyterlab/translation';
import type { Answer, CommandName } from '../link/link.ts';
import { wordsOf } from '../words/format.ts';
import { icon } from './icon.ts';
import { functionOf, insertDecorator } from './insert.ts';
import type { LiveView } from './live.ts';
import { type Runtime, type Runtimes, titleOf } from './runtimes.ts';
import type { Watches } from './watch.ts';

export interface Actions {
  readonly tracker: INotebookTracker | null;
  readonly runtimes: Runtimes;
  readonly watches: Watches;
  readonly trans: Translation;
  /** The runtime of the active notebook. */
  active(): Runtime | undefined;
  /** The same, else the one the panel shows. */
  meant(): Runtime | undefined;
  open(): LiveView;
  openTab: ((name: string | undefined) => void) | null;
  /** The number under which a cell's tasks are known, also while it runs. */
  numberOf(cell: Cell): number;
}

const CATEGORY = 'Treadle';

/** Ask a runtime for something; what it cannot do is shown. */
export async function request(watches: Watches, runtime: Runtime, name: CommandName, args: Answer): Promise<void> {
  try {
    const said = (await watches.of(runtime).ask(name, args))['text'];
    if (typeof said === 'string' && said) Notification.info(said, { autoClose: 5000 });
  } catch (error) {
    Notification.error(wordsOf(error), { autoClose: 8000 });
  }
}

/** Stop a runtime if the person means it. */
export async function stopAfterAsking(runtimes: Runtimes, watches: Watches, runtime: Runtime, trans: Translation): Promise<void> {
  const status = watches.status(runtime);
  const works = status === null || status.busy || status.waiting || status.held;
  const { button } = await showDialog({
    title: trans.__('Stop the runtime of %1?', titleOf(runtime)),
    body: works ? trans.__('Its tasks are cancelled and its workers end. Results that the notebook already has stay.') : trans.__('Nothing runs in it. Its workers end.'),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Stop') })],
  });
  if (button.accept) await stop(runtimes, runtime, trans);
}

/** Stop a runtime; if that can't be done, say so. */
export async function stop(runtimes: Runtimes, runtime: Runtime, trans: Translation): Promise<void> {
  try {
    await runtimes.stop(runtime.name);
  } catch (error) {
    Notification.error(trans.__('It could not be stopped: %1', wordsOf(error)));
  }
}

export function addCommands(app: JupyterFrontEnd, palette: ICommandPalette | null, actions: Actions): void {
  const { runtimes, watches, trans, tracker } = actions;
  const some = (): boolean => actions.meant() !== undefined;
  const own = (): boolean => actions.active() !== undefined;
  const withOwn = (act: (runtime: Runtime) => unknown) => (): unknown => {
    const runtime = actions.active();
    return runtime && act(runtime);
  };
  const add = (id: string, label: string, options: Partial<Parameters<typeof app.commands.addCommand>[1]> & { execute(args: Answer): unknown }, inPalette = true): void => {
    app.commands.addCommand(id, { label, describedBy: { args: { type: 'object', properties: {} } }, ...options });
    if (inPalette) palette?.addItem({ command: id, category: CATEGORY });
  };
  add('treadle:open', trans.__('Show Live View'), { caption: trans.__('Show the tasks and runtimes of Treadle in the side panel'), icon, execute: () => void actions.open() });
  const { openTab } = actions;
  if (openTab) {
    add('treadle:open-tab', trans.__('Open Live View in a Tab'), {
      icon,
      isEnabled: (args) => some() || typeof args['runtime'] === 'string',
      execute: (args) => openTab(typeof args['runtime'] === 'string' ? args['runtime'] : undefined),
    });
  }
  add('treadle:cancel-notebook', trans.__('Cancel All Tasks of This Notebook'), { isEnabled: own, execute: withOwn((runtime) => request(watches, runtime, 'cancel', { all: true, kernel: kernelOf(tracker) ?? null })) });
  add('treadle:retry-failed', trans.__('Retry Failed Tasks'), {
    isEnabled: () => own() && watches.status(actions.active() as Runtime)?.failed !== 0,
    execute: withOwn((runtime) => request(watches, runtime, 'retry', { failed: true })),
  });
  add('treadle:stop', trans.__('Stop Runtime…'), {
    isEnabled: some,
    execute: () => {
      const runtime = actions.meant();
      return runtime && stopAfterAsking(runtimes, watches, runtime, trans);
    },
  });
  add('treadle:export', trans.__('Export Live View…'), { isEnabled: some, execute: () => actions.open().showPart('export') });
  add('treadle:log', trans.__('Show Log of Tasks'), { isEnabled: some, execute: () => actions.open().showPart('log') });
  if (!tracker) return;
  add('treadle:insert-decorator', trans.__('Insert Task Decorator…'), {
    caption: trans.__('Put @task above the function under the cursor'),
    isEnabled: () => functionOf(tracker.currentWidget) !== null,
    execute: () => tracker.currentWidget && insertDecorator(tracker.currentWidget, trans),
  });
  const clicked = (): Cell | null => {
    const node = app.contextMenuHitTest((each) => each.classList.contains('jp-Cell'));
    return tracker.currentWidget?.content.widgets.find((cell) => cell.node === node) ?? tracker.activeCell;
  };
  add('treadle:cancel-cell', trans.__("Cancel This Cell's Tasks"), {
    isEnabled: () => own() && (tracker.activeCell ? actions.numberOf(tracker.activeCell) > 0 : false),
    execute: withOwn((runtime) => {
      const cell = clicked();
      return cell && request(watches, runtime, 'cancel_cell', { cell: actions.numberOf(cell) });
    }),
  });
}

/** The id of the active notebook's kernel. */
export function kernelOf(tracker: INotebookTracker | null): string | undefined {
  return tracker?.currentWidget?.sessionContext.session?.kernel?.id;
}
