// The anywidget: one model, shown in place of the HTML snapshot that Python displayed.
//
// `initialize` runs as soon as the front end knows the model, without any view of it: a view's output would be an
// error where the widget's JavaScript is missing, and in a notebook opened without a kernel. So the live view
// looks for the snapshot's element (its class names this model), stands beside it and hides it; the notebook keeps
// the snapshot. It says hello once it stands, bye when its place has gone (the output was cleared).
import { BestLink } from './link/best.ts';
import { CommLink, type Model } from './link/comm.ts';
import type { Link } from './link/link.ts';
import { addressesOf, ServerLink, settingsOfPage } from './link/websocket.ts';
import { App } from './view/app.ts';

const LOOK_OFTEN_MS = 100;
const LOOK_SELDOM_MS = 500;
const OFTEN_TIMES = 50;

/** One live view, in the place of one snapshot. Out of the page (scrolled away, output cleared) it waits for another. */
class Mounted {
  readonly app: App;
  snapshot: HTMLElement | null = null;

  constructor(private readonly link: Link) {
    this.app = new App(link);
  }

  standFor(snapshot: HTMLElement): void {
    this.snapshot = snapshot;
    snapshot.dispatchEvent(new Event('treadle-live')); // whoever stood in for us leaves
    snapshot.after(this.app.root);
    snapshot.style.display = 'none';
    this.link.send({ type: 'hello' });
  }

  get stands(): boolean {
    return this.app.root.isConnected && (this.snapshot?.isConnected ?? false);
  }

  park(): void {
    if (this.snapshot) this.snapshot.style.display = '';
    this.snapshot = null;
    this.app.root.remove();
  }

  end(): void {
    this.park();
    this.app.dispose();
  }
}

/** What is shown and hidden as a whole: the output that holds the snapshot's element, else the element itself. */
function hostOf(element: HTMLElement): HTMLElement {
  return element.closest<HTMLElement>('.jp-RenderedHTMLCommon, .jp-RenderedHTML') ?? element;
}

/** The model's link; the model says (and may say anew) which runtime it shows, so that the server can be asked for it. */
function linkOf(model: Model): BestLink {
  const link = new BestLink(new CommLink(model));
  const settings = settingsOfPage();
  const use = (): void => {
    const runtime = String(model.get('runtime') ?? '');
    link.useServer(settings && runtime ? () => new ServerLink(addressesOf(settings, runtime)) : null);
  };
  model.on('change:runtime', use);
  use();
  return link;
}

function initialize({ model }: { model: Model }): () => void {
  const link = linkOf(model);
  const selector = `.treadle-view-${CSS.escape(String(model.get('view_id')))}`;
  let views: Mounted[] = [];
  let looks = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    const stood = views.filter((view) => view.snapshot).length;
    for (const view of views) if (view.snapshot && !view.stands) view.park();
    for (const element of document.querySelectorAll<HTMLElement>(selector)) {
      const host = hostOf(element);
      if (views.some((view) => view.snapshot === host)) continue;
      let view = views.find((parked) => !parked.snapshot);
      if (!view) views.push((view = new Mounted(link)));
      view.standFor(host);
    }
    if (stood && !views.some((view) => view.snapshot)) {
      link.send({ type: 'bye' });
      if (link.gone) return end(); // the notebook is closed: opened again, it has a model of its own
    }
    for (const spare of views.filter((view) => !view.snapshot).slice(1)) {
      spare.end();
      views = views.filter((view) => view !== spare);
    }
    timer = setTimeout(look, ++looks < OFTEN_TIMES ? LOOK_OFTEN_MS : LOOK_SELDOM_MS);
  };
  const end = (): void => {
    clearTimeout(timer);
    for (const view of views) view.end();
    views = [];
    link.dispose();
  };
  look();
  return end;
}

/** Where somebody displays the widget itself: the same view, in the element given. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const link = linkOf(model);
  const view = new Mounted(link);
  el.append(view.app.root);
  link.send({ type: 'hello' });
  return () => {
    view.end();
    link.dispose();
  };
}

export default { initialize, render };
