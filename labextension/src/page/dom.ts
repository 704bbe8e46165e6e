// Making elements. Data only ever becomes text or an attribute's value: there is no innerHTML in this package.
import type { Counts, TaskState } from '../feed/reducer.ts';
import { BAR_ORDER, HATCHED, inWords, SIGN, total, WORD } from '../words/states.ts';

type Attributes = { [name: string]: string | number | boolean | undefined };

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.map((child) => (typeof child === 'string' ? visible(child) : child)));
  return element;
}

/** Text in which control characters, and what turns the text around it, are spelled out. */
export function visible(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g, (each) => {
    const code = each.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** A button of a toolbar; what is read of it begins with what is seen, unless that is a mere sign. */
export function tool(text: string, label: string, act: () => void, look = ''): HTMLButtonElement {
  const words = text.length > 1 ? `${text}: ${label.charAt(0).toLowerCase()}${label.slice(1)}` : label;
  const button = el('button', { class: `trd-button${look && ` ${look}`}`, type: 'button', 'aria-label': words, title: label }, text);
  button.addEventListener('click', act);
  return button;
}

export function setText(element: Element, text: string): void {
  const shown = visible(text);
  if (element.textContent !== shown) element.textContent = shown;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** The sign of a state, coloured by CSS. */
export function signOf(state: TaskState): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  for (const [name, value] of Object.entries({ viewBox: '0 0 16 16', width: '14', height: '14', 'aria-hidden': 'true' })) svg.setAttribute(name, value);
  path.setAttribute('d', SIGN[state].d);
  path.setAttribute(SIGN[state].filled ? 'fill' : 'stroke', 'currentColor');
  if (!SIGN[state].filled) for (const [name, value] of [['fill', 'none'], ['stroke-width', '1.9'], ['stroke-linecap', 'round']]) path.setAttribute(name as string, value as string);
  svg.append(path);
  svg.classList.add('trd-sign');
  svg.dataset['state'] = state;
  return svg;
}

/** A bar of counts per state, updated in place. */
export class StackedBar {
  readonly element = el('div', { class: 'trd-bar', role: 'img' });
  private readonly parts = new Map<TaskState, HTMLElement>();

  update(counts: Counts): void {
    const all = Math.max(1, total(counts));
    setAttribute(this.element, 'aria-label', inWords(counts));
    for (const state of BAR_ORDER) {
      const count = counts[state] ?? 0;
      let part = this.parts.get(state);
      if (!part && !count) continue;
      if (!part) {
        part = el('span', { class: `trd-part${HATCHED.has(state) ? ' trd-hatched' : ''}`, 'data-state': state });
        this.parts.set(state, part);
        this.element.append(...BAR_ORDER.flatMap((s) => this.parts.get(s) ?? []));
      }
      part.style.width = `${(100 * count) / all}%`;
      part.title = `${count} ${WORD[state]}`;
    }
  }
}

/** Rows by key that are made once, updated in place and taken away: what a reader or a focus is on stays. */
export class Rows<Record, Parts extends { element: HTMLElement }> {
  private readonly rows = new Map<string, Parts>();

  constructor(
    private readonly parent: HTMLElement,
    private readonly make: (key: string) => Parts,
    private readonly fill: (parts: Parts, record: Record, key: string) => void,
  ) {}

  of(key: string): Parts | undefined {
    return this.rows.get(key);
  }

  update(records: [string, Record][]): void {
    const wanted = new Set(records.map(([key]) => key));
    for (const [key, parts] of this.rows) {
      if (wanted.has(key)) continue;
      parts.element.remove();
      this.rows.delete(key);
    }
    records.forEach(([key, record], i) => {
      let parts = this.rows.get(key);
      if (!parts) this.rows.set(key, (parts = this.make(key)));
      if (this.parent.children[i] !== parts.element) this.parent.insertBefore(parts.element, this.parent.children[i] ?? null);
      this.fill(parts, record, key);
    });
  }
}
