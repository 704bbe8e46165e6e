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

interface Placed {
  readonly parent: HTMLElement;
  readonly place: HTMLElement; // in the line
  readonly button: HTMLButtonElement;
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
    this.arrange([...hosts].flatMap(([host, places]) => this.buttonsFor(host, places)));
    this.observer.takeRecords(); // what was changed here is no news
  }

  private buttonsFor(host: HTMLElement, places: HTMLElement[]): Placed[] {
    const parent = host.parentElement;
    if (!parent) return [];
    const buttons = this.known.get(host) ?? [];
    while (buttons.length > places.length) buttons.pop()?.remove();
    while (buttons.length < places.length) buttons.push(this.make());
    this.known.set(host, buttons);
    return places.flatMap((place, i) => {
      const line = anchorOf(place.closest('.treadle-line, .treadle-card')?.className ?? '');
      const tasks = /treadle-tasks-(\d+)-(\d+)/.exec(place.className);
      const button = buttons[i];
      if (!line || !tasks || !button) return [];
      button.dataset['what'] = JSON.stringify({ epoch: line.epoch, first: Number(tasks[1]), last: Number(tasks[2]) });
      return [{ parent, place, button }];
    });
  }

  /** Put the buttons where their places are. All is written before anything is read: the page is laid out twice, however many there are. */
  private arrange(all: Placed[]): void {
    for (const { parent, button } of all) {
      parent.style.position = 'relative';
      if (button.parentElement !== parent) parent.append(button);
    }
    const sizes = all.map(({ button }) => [button.offsetWidth, button.offsetHeight]);
    all.forEach(({ place }, i) => {
      const [width, height] = sizes[i] as [number, number];
      place.style.cssText = `display:inline-block;visibility:hidden;overflow:hidden;white-space:nowrap;vertical-align:middle;width:${width}px;height:${height}px`;
    });
    const corners = all.map(({ parent, place }) => {
      const [from, to] = [parent.getBoundingClientRect(), place.getBoundingClientRect()];
      return [to.left - from.left + parent.scrollLeft, to.top - from.top + parent.scrollTop];
    });
    all.forEach(({ button }, i) => {
      const [left, top] = corners[i] as [number, number];
      button.style.left = `${left}px`;
      button.style.top = `${top}px`;
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
