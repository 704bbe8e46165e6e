// Where the parts stand: in a wide view failures, workers and functions are a column beside graph and stream; else each is
// a tab of its own. The same elements, so nothing is shown twice.
import { el } from '../page/dom.ts';
import type { Part, Tabs } from './tabs.ts';

const WIDE_PX = 760;
const BESIDE: ReadonlySet<Part> = new Set(['graph', 'stream']);

export class Places {
  readonly side = el('div', { class: 'trd-side', role: 'complementary', 'aria-label': 'Failures, workers, functions', hidden: true });
  private wide = false;
  private readonly resized: ResizeObserver;

  constructor(
    root: HTMLElement,
    private readonly tabs: Tabs,
    private readonly parts: { [part in 'failures' | 'workers' | 'functions']: HTMLElement },
    changed: () => void,
  ) {
    this.resized = new ResizeObserver(() => {
      const wide = root.clientWidth >= WIDE_PX;
      if (wide === this.wide) return;
      this.wide = wide;
      this.place();
      changed();
    });
    this.resized.observe(root);
  }

  dispose(): void {
    this.resized.disconnect();
  }

  /** Whether the column is there. */
  get hasSide(): boolean {
    return this.wide && BESIDE.has(this.tabs.chosen);
  }

  place(): void {
    this.side.hidden = !this.hasSide;
    for (const [part, element] of Object.entries(this.parts)) {
      const home = this.hasSide ? this.side : this.tabs.panelOf(part as Part);
      if (element.parentElement !== home) home.append(element);
    }
  }
}
