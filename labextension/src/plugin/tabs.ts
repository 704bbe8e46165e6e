// The live view as tabs of the main area, one for each runtime, restored with the layout. Only where there are tabs.
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ILayoutRestorer } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { Translation } from '@jupyterlab/translation';
import { icon } from './icon.ts';
import { LiveView } from './live.ts';
import { type Runtime, type Runtimes, titleOf } from './runtimes.ts';
import type { Watches } from './watch.ts';

export class Tabs {
  private readonly tracker = new WidgetTracker<MainAreaWidget<LiveView>>({ namespace: 'treadle' });
  private readonly names = new Map<MainAreaWidget<LiveView>, { name: string; last: Runtime | undefined }>();

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly runtimes: Runtimes,
    private readonly watches: Watches,
    private readonly trans: Translation,
    restorer: ILayoutRestorer | null,
  ) {
    runtimes.listen(() => this.tracker.forEach((tab) => this.fill(tab)));
    void restorer?.restore(this.tracker, {
      command: 'treadle:open-tab',
      args: (tab) => ({ runtime: this.nameOf(tab) }),
      name: (tab) => this.nameOf(tab),
    });
  }

  open(name: string): void {
    let tab = this.tracker.find((each) => this.nameOf(each) === name);
    if (!tab) {
      const view = new LiveView(this.watches, () => this.absent(name));
      tab = new MainAreaWidget({ content: view });
      tab.id = `treadle-tab-${name}`;
      tab.title.icon = icon;
      tab.title.closable = true;
      this.names.set(tab, { name, last: undefined });
      tab.disposed.connect((each) => void this.names.delete(each as MainAreaWidget<LiveView>));
      this.fill(tab);
      void this.tracker.add(tab);
    }
    if (!tab.isAttached) this.app.shell.add(tab, 'main', { mode: 'split-right' });
    this.app.shell.activateById(tab.id);
  }

  private nameOf(tab: MainAreaWidget<LiveView>): string {
    return this.names.get(tab)?.name ?? '';
  }

  /** The runtime of its name; if that has ended, the one that the same kernel has now. */
  private fill(tab: MainAreaWidget<LiveView>): void {
    const known = this.names.get(tab);
    if (!known) return;
    const same = this.runtimes.named(known.name) ?? this.runtimes.ofKernel(known.last?.kernels?.[0]);
    known.last = same ?? known.last;
    tab.title.label = this.trans.__('Treadle: %1', known.last ? titleOf(known.last) : known.name);
    tab.content.follow(same);
  }

  private absent(name: string): string {
    if (this.runtimes.missing) return this.runtimes.hint;
    return this.trans.__('The runtime %1 has ended.', name);
  }
}
