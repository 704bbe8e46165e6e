// Small pictures of one number or a few: a bar with a text, a line of the last minutes.
import { el, setAttribute, setText } from '../page/dom.ts';

export class Meter {
  private readonly fillPart = el('span', { class: 'trd-meter-fill' });
  private readonly text = el('span', { class: 'trd-meter-text' });
  readonly element: HTMLElement;

  constructor(private readonly label: string) {
    const track = el('span', { class: 'trd-meter-track' }, this.fillPart);
    this.element = el('div', { class: 'trd-meter', role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': 0, 'aria-label': label }, el('span', { class: 'trd-meter-label' }, label), track, this.text);
  }

  set(percent: number, text: string): void {
    const value = Math.max(0, Math.min(100, percent));
    this.fillPart.style.width = `${value}%`;
    setText(this.text, text);
    setAttribute(this.element, 'aria-valuenow', String(Math.round(value)));
    setAttribute(this.element, 'aria-valuetext', `${this.label} ${text}`);
    setAttribute(this.element, 'data-high', String(value >= 90));
  }
}

const W = 120;
const H = 22;

/** A line through some numbers, the newest at the right edge; the height stands for `most`. */
export class Sparkline {
  private readonly line = svg('path', { class: 'trd-spark-line', fill: 'none' });
  private readonly area = svg('path', { class: 'trd-spark-area' });
  readonly element = svg('svg', { class: 'trd-spark', viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img' }, this.area, this.line);

  set(values: number[], most: number, points: number, words: string): void {
    const step = W / Math.max(1, points - 1);
    const places = values.map((value, i) => `${(W - (values.length - 1 - i) * step).toFixed(1)} ${(H - 1 - (H - 3) * Math.min(1, value / Math.max(1, most))).toFixed(1)}`);
    const line = places.length ? `M${places.join('L')}` : '';
    setAttribute(this.line, 'd', line);
    setAttribute(this.area, 'd', line && `${line}L${W} ${H}L${(W - (values.length - 1) * step).toFixed(1)} ${H}Z`);
    setAttribute(this.element, 'aria-label', words);
  }
}

function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: { [name: string]: string }, ...children: Node[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
