// Live runtimes in the "Running" panel, with shut-down.
import type { IRunningSessionManagers } from '@jupyterlab/running';
import type { Translation } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { stop } from './commands.ts';
import { icon } from './icon.ts';
import { type Runtime, type Runtimes, titleOf } from './runtimes.ts';

export function listRunning(managers: IRunningSessionManagers, runtimes: Runtimes, words: (runtime: Runtime) => string, open: (runtime: Runtime) => void, trans: Translation): void {
  const owner = {};
  const changed = new Signal<unknown, unknown>(owner);
  runtimes.listen(() => changed.emit(undefined));
  managers.add({
    name: trans.__('Treadle runtimes'),
    running: () =>
      runtimes.list.map((runtime) => ({
        open: () => open(runtime),
        shutdown: () => void stop(runtimes, runtime, trans),
        icon: () => icon,
        label: () => titleOf(runtime),
        labelTitle: () => [runtime.name, words(runtime)].filter(Boolean).join('\n'),
        detail: () => words(runtime),
      })),
    shutdownAll: () => runtimes.list.forEach((runtime) => void stop(runtimes, runtime, trans)),
    refreshRunning: () => void runtimes.refresh(),
    runningChanged: changed,
    shutdownLabel: trans.__('Stop Runtime'),
    shutdownAllLabel: trans.__('Stop All'),
    shutdownAllConfirmationText: trans.__('Stop all Treadle runtimes? Their tasks are cancelled.'),
  });
}
