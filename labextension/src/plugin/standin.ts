// Live views where the widget can't be: while a cell blocks after a reload the page gets no widgets, and without a kernel
// there are none. The picture in the notebook names its runtime, so the server's websocket serves a view in its place.
//
// The widget comes first: it is given a moment, and says so when it comes after all (the picture hears `treadle-live`).
import { App } from '../view/app.ts';
import type { Runtime, Runtimes } from './runtimes.ts';
import type { Watches } from './watch.ts';

const LOOK_MS = 200;
const PATIENCE_MS = 3000; // while its kernel answers, the widget needs no more
const HOSTS = '.jp-RenderedHTMLCommon, .jp-RenderedHTML';

interface Shown {
  readonly app: App;
  readonly runtime: string;
  end(): void;
}

export class StandIns {
  private readonly shown = new Map<HTMLElement, Shown>();
  private readonly since = new WeakMap<HTMLElement, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly runtimes: Runtimes,
    private readonly watches: Watches,
    private readonly isBusy: (place: HTMLElement) => boolean,
  ) {
    this.look();
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const host of [...this.shown.keys()]) this.leave(host);
  }

  private look(): void {
    for (const [host, { runtime }] of [...this.shown]) {
      if (!host.isConnected || !this.runtimes.list.some((each) => each.epoch === runtime)) this.leave(host);
    }
    if (this.runtimes.list.length) {
      for (const picture of document.querySelectorAll<HTMLElement>('.treadle-view')) {
        const host = picture.closest<HTMLElement>(HOSTS);
        const runtime = this.runtimeOf(picture);
        if (host && runtime && !this.shown.has(host) && host.style.display !== 'none' && this.isTime(host)) this.stand(host, runtime);
      }
    }
    this.timer = setTimeout(() => this.look(), LOOK_MS);
  }

  private isTime(host: HTMLElement): boolean {
    const since = this.since.get(host) ?? Date.now();
    this.since.set(host, since);
    return Date.now() - since >= (this.isBusy(host) ? LOOK_MS : PATIENCE_MS);
  }

  private runtimeOf(picture: HTMLElement): Runtime | undefined {
    const name = [...picture.classList].find((each) => each.startsWith('treadle-runtime-'))?.slice('treadle-runtime-'.length);
    return name ? this.runtimes.list.find((each) => each.epoch === name) : undefined;
  }

  private stand(host: HTMLElement, runtime: Runtime): void {
    const watch = this.watches.of(runtime);
    const app = new App(watch.link);
    const leave = (): void => this.leave(host);
    host.addEventListener('treadle-live', leave);
    host.after(app.root);
    host.style.display = 'none';
    const stop = watch.look();
    this.shown.set(host, {
      app,
      runtime: runtime.epoch ?? '',
      end: () => {
        host.removeEventListener('treadle-live', leave);
        stop();
        app.dispose();
        host.style.display = '';
      },
    });
  }

  private leave(host: HTMLElement): void {
    const shown = this.shown.get(host);
    this.shown.delete(host);
    shown?.end();
  }
}
