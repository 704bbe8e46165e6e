// The menu "Export": what is seen, as a file. Everything is made in the page; nothing is sent anywhere.
import type { Drawn } from '../graph/panel.ts';
import { el } from '../page/dom.ts';
import { wordsOf } from '../words/format.ts';
import { toDot } from './dot.ts';
import { toHtml } from './html.ts';
import { fileName, pictureOf } from './picture.ts';
import { toPng } from './png.ts';
import { toSvg } from './svg.ts';

export interface Source {
  drawn(): Drawn;
  refused(why: string): void;
}

const KINDS = [
  ['svg', 'Picture (SVG)', 'image/svg+xml'],
  ['png', 'Picture (PNG)', 'image/png'],
  ['html', 'Page with tables and data (HTML)', 'text/html'],
  ['dot', 'Graph for Graphviz (DOT)', 'text/vnd.graphviz'],
] as const;
type Kind = (typeof KINDS)[number][0];

export class ExportMenu {
  private readonly button = el('button', { class: 'trd-button', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', title: 'Save the graph as a file' }, 'Export');
  private readonly items = el('div', { class: 'trd-menu-items', role: 'menu', 'aria-label': 'Export', hidden: true });
  readonly element = el('div', { class: 'trd-menu' }, this.button, this.items);

  constructor(private readonly source: Source) {
    for (const [kind, text, type] of KINDS) {
      const item = el('button', { type: 'button', role: 'menuitem', tabindex: -1, 'data-export': kind }, text);
      item.addEventListener('click', () => {
        this.show(false);
        this.button.focus();
        void this.save(kind, type);
      });
      this.items.append(item);
    }
    this.button.addEventListener('click', () => this.show(this.items.hidden));
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    this.element.addEventListener('focusout', (event) => {
      if (!this.element.contains(event.relatedTarget as Node | null)) this.show(false);
    });
  }

  /** Open the menu, its first item focused, or close it. */
  show(open: boolean): void {
    this.items.hidden = !open;
    this.button.setAttribute('aria-expanded', String(open));
    if (open) (this.items.firstElementChild as HTMLElement | null)?.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (this.items.hidden) return;
    const all = [...this.items.children] as HTMLElement[];
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'Escape') {
      this.show(false);
      this.button.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') all[(at + (event.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private async save(kind: Kind, type: string): Promise<void> {
    const drawn = this.source.drawn();
    if (!drawn.state || !drawn.scene.nodes.size) return this.source.refused('There is nothing to export yet: no tasks.');
    const picture = pictureOf(drawn.state, drawn.scene, drawn.still);
    try {
      const blob = kind === 'png' ? await toPng(picture, drawn) : new Blob([{ svg: toSvg, html: toHtml, dot: toDot }[kind](picture)], { type: `${type};charset=utf-8` });
      const url = URL.createObjectURL(blob);
      const link = el('a', { href: url, download: fileName(picture, kind) });
      this.element.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      this.source.refused(wordsOf(error));
    }
  }
}
