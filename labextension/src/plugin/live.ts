// The live view as a Lumino widget: it looks at a runtime while it is shown, and at no other time.
import { Widget } from '@lumino/widgets';
import { el } from '../page/dom.ts';
import { App } from '../view/app.ts';
import type { Runtime } from './runtimes.ts';
import type { Watches } from './watch.ts';

export class LiveView extends Widget {
  app: App | null = null;
  private runtime: Runtime | undefined;
  private shown: string | undefined;
  private end: (() => void) | null = null;
  private readonly empty = el('div', { class: 'trd-p-empty' });

  constructor(
    private readonly watches: Watches,
    private readonly words: () => string,
  ) {
    super();
    this.addClass('trd-p-live');
    this.addClass('trd-fills');
    this.node.append(this.empty);
  }

  /** Look at this runtime from now on. */
  follow(runtime: Runtime | undefined): void {
    this.runtime = runtime;
    this.sync();
  }

  override dispose(): void {
    this.runtime = undefined;
    this.unmount();
    super.dispose();
  }

  /** Show a part of the view, once it is there: "log", "failures"; "export" opens its menu. */
  showPart(part: string): void {
    this.sync();
    this.app?.show(part);
  }

  /** Mount or unmount as the runtime and being visible ask for it. */
  sync(): void {
    this.empty.hidden = this.runtime !== undefined;
    if (!this.empty.hidden && this.empty.textContent !== this.words()) this.empty.textContent = this.words();
    const wanted = this.isVisible ? this.runtime?.name : undefined;
    if (wanted === this.shown) return;
    this.unmount();
    if (!wanted || !this.runtime) return;
    const watch = this.watches.of(this.runtime);
    this.app = new App(watch.link);
    this.node.append(this.app.root);
    const stop = watch.look();
    this.shown = wanted;
    this.end = () => {
      stop();
      this.app?.dispose();
      this.app = null;
    };
  }

  private unmount(): void {
    this.end?.();
    this.end = null;
    this.shown = undefined;
  }

  protected override onAfterShow(): void {
    this.sync();
  }

  protected override onAfterAttach(): void {
    this.sync();
  }

  protected override onBeforeHide(): void {
    this.unmount();
  }

  protected override onBeforeDetach(): void {
    this.unmount();
  }
}
