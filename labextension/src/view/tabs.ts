// Tabs as ARIA describes them: arrow keys walk, the chosen one is the only tab stop, its panel follows.
import { el, setAttribute, setText } from '../page/dom.ts';
import { roving } from '../page/roving.ts';

export type Part = 'graph' | 'stream' | 'tasks' | 'workers' | 'functions' | 'failures' | 'log';

export const PARTS: readonly [Part, string][] = [
  ['graph', 'Graph'],
  ['stream', 'Stream'],
  ['tasks', 'Tasks'],
  ['workers', 'Workers'],
  ['functions', 'Functions'],
  ['failures', 'Failures'],
  ['log', 'Log'],
];

let made = 0;

export class Tabs {
  private readonly prefix = `trd-tabs${++made}-`;
  readonly list = el('div', { class: 'trd-tabs', role: 'tablist', 'aria-label': 'Parts of the view' });
  readonly panels = el('div', { class: 'trd-panels' });
  private readonly tabs = new Map<Part, { tab: HTMLElement; badge: HTMLElement; panel: HTMLElement }>();
  chosen: Part = 'graph';

  constructor(private readonly changed: (part: Part) => void) {
    for (const [part, title] of PARTS) {
      const badge = el('span', { class: 'trd-badge', hidden: true });
      const tab = el('button', { class: 'trd-tab', type: 'button', role: 'tab', id: `${this.prefix}${part}`, 'aria-controls': `${this.prefix}${part}-panel`, 'data-part': part }, title, badge);
      const panel = el('div', { class: 'trd-panel', role: 'tabpanel', id: `${this.prefix}${part}-panel`, 'aria-labelledby': tab.id, 'data-part': part, hidden: true });
      tab.addEventListener('click', () => this.show(part));
      this.tabs.set(part, { tab, badge, panel });
      this.list.append(tab);
      this.panels.append(panel);
    }
    roving(this.list, '.trd-tab', ['ArrowLeft', 'ArrowRight'], (tab) => tab.click());
    this.mark();
  }

  panelOf(part: Part): HTMLElement {
    const found = this.tabs.get(part);
    if (!found) throw new Error(`no part ${part}`);
    return found.panel;
  }

  show(part: Part): void {
    if (part === this.chosen) return;
    this.chosen = part;
    this.mark();
    this.changed(part);
  }

  focus(): void {
    this.tabs.get(this.chosen)?.tab.focus();
  }

  /** A number beside a tab's name; 0: none. `words` say what it counts. */
  badge(part: Part, n: number, words: string): void {
    const badge = this.tabs.get(part)?.badge;
    if (!badge) return;
    badge.hidden = !n;
    setText(badge, n > 999 ? '999+' : String(n));
    setAttribute(badge, 'title', `${n} ${words}`);
  }

  private mark(): void {
    for (const [part, { tab, panel }] of this.tabs) {
      setAttribute(tab, 'aria-selected', String(part === this.chosen));
      tab.tabIndex = part === this.chosen ? 0 : -1;
      panel.hidden = part !== this.chosen;
    }
  }
}
