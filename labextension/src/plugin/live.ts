// The live view as a Lumino widget: it looks at a runtime while it is shown, and at no other time.
import { Widget } from '@lumino/widgets';
import { el } from '../page/dom.ts';
import { App } from '../view/app.ts';
import type { Runtime } from './runtimes.ts';
import { keyOf, type Watches } from './watch.ts';

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

  /** Mount, look away or unmount as the runtime and being visible ask for it. */
  sync(): void {
    this.empty.hidden = this.runtime !== undefined;
    if (!this.empty.hidden && this.empty.textContent !== this.words()) this.empty.textContent = this.words();
    const wanted = this.runtime && keyOf(this.runtime);
    if (wanted !== this.shown) this.unmount();
    if (!this.isVisible) this.lookAway();
    else if (this.runtime) {
      const watch = this.watches.of(this.runtime);
      if (!this.app) {
        this.app = new App(watch.link);
        this.node.append(this.app.root);
        this.shown = wanted;
      }
      this.end ??= watch.look();
    }
  }

  /** Nobody sees it: the feed need not flow, but what was chosen and how near it was stays. */
  private lookAway(): void {
    this.end?.();
    this.end = null;
  }

  private unmount(): void {
    this.lookAway();
    this.app?.dispose();
    this.app = null;
    this.shown = undefined;
  }

  protected override onAfterShow(): void {
    this.sync();
  }

  protected override onAfterAttach(): void {
    this.sync();
  }

  protected override onBeforeHide(): void {
    this.lookAway();
  }

  protected override onBeforeDetach(): void {
    this.unmount();
  }
}
