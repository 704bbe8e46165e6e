// `cancel: %treadle cancel [5]` in a line becomes a button.
//
// A line is rendered anew several times a second, and a button inside would be gone between press and release. So
// buttons stand beside the rendered HTML, over the place that the line keeps for them, and are only moved.
import type { Translation } from '@jupyterlab/translation';
import { el } from '../page/dom.ts';
import { onceAFrame } from '../page/frames.ts';
import { anchorOf } from './anchors.ts';

export interface Cancel {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
}

export class CancelButtons {
  private readonly observer: MutationObserver;
  private readonly sizes = new ResizeObserver(() => this.soon());
  private readonly known = new Map<HTMLElement, HTMLButtonElement[]>(); // host -> its buttons

  constructor(
    private readonly root: HTMLElement,
    private readonly trans: Translation,
    /** Whether this epoch's runtime can be asked. */
    private readonly reachable: (epoch: string) => boolean,
    private readonly cancel: (what: Cancel) => Promise<void>,
  ) {
    this.observer = new MutationObserver((records) => {
      if (records.some(({ target }) => target instanceof Element && target.closest('.jp-OutputArea, .jp-Notebook'))) this.soon();
    });
    this.observer.observe(root, { childList: true, subtree: true });
    this.sizes.observe(root);
    this.soon();
  }

  /** Look again: a runtime has come or gone. */
  readonly soon = onceAFrame(() => this.place());

  dispose(): void {
    this.observer.disconnect();
    this.sizes.disconnect();
    for (const buttons of this.known.values()) for (const button of buttons) button.remove();
    this.known.clear();
  }

  private place(): void {
    const hosts = new Map<HTMLElement, HTMLElement[]>();
    for (const place of this.root.querySelectorAll<HTMLElement>('.treadle-cancel')) {
      const line = place.closest<HTMLElement>('.treadle-line, .treadle-card');
      const host = place.closest<HTMLElement>('.jp-OutputArea-output');
      const anchor = line && anchorOf(line.className);
      if (!host || !anchor || !this.reachable(anchor.epoch)) continue;
      hosts.set(host, [...(hosts.get(host) ?? []), place]);
    }
    for (const [host, buttons] of this.known) {
      if (hosts.has(host)) continue;
      for (const button of buttons) button.remove();
      this.known.delete(host);
    }
    for (const [host, places] of hosts) this.arrange(host, places);
    this.observer.takeRecords(); // what was changed here is no news
  }

  private arrange(host: HTMLElement, places: HTMLElement[]): void {
    const parent = host.parentElement;
    if (!parent) return;
    const buttons = this.known.get(host) ?? [];
    while (buttons.length > places.length) buttons.pop()?.remove();
    while (buttons.length < places.length) buttons.push(this.make());
    this.known.set(host, buttons);
    parent.style.position = 'relative';
    places.forEach((place, i) => {
      const button = buttons[i] as HTMLButtonElement;
      const line = anchorOf(place.closest('.treadle-line, .treadle-card')?.className ?? '');
      const tasks = /treadle-tasks-(\d+)-(\d+)/.exec(place.className);
      if (!line || !tasks) return;
      button.dataset['what'] = JSON.stringify({ epoch: line.epoch, first: Number(tasks[1]), last: Number(tasks[2]) });
      if (button.parentElement !== parent) parent.append(button);
      place.style.cssText = `display:inline-block;visibility:hidden;overflow:hidden;white-space:nowrap;vertical-align:middle;width:${button.offsetWidth}px;height:${button.offsetHeight}px`;
      const [from, to] = [parent.getBoundingClientRect(), place.getBoundingClientRect()];
      button.style.left = `${to.left - from.left + parent.scrollLeft}px`;
      button.style.top = `${to.top - from.top + parent.scrollTop}px`;
    });
  }

  private make(): HTMLButtonElement {
    const button = el('button', { class: 'trd-p-cancel', type: 'button' }, this.trans.__('Cancel'));
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') === 'true') return;
      button.setAttribute('aria-disabled', 'true'); // not `disabled`: that would take the focus away
      button.textContent = this.trans.__('Cancelling');
      const what = JSON.parse(button.dataset['what'] as string) as Cancel;
      void this.cancel(what).finally(() => {
        button.removeAttribute('aria-disabled');
        button.textContent = this.trans.__('Cancel');
        this.soon();
      });
    });
    return button;
  }
}
