// The graph as one part of the page: the canvas, the same in words, its toolbar. Knows the feed, not who shows it.
import type { Delta, State } from '../feed/reducer.ts';
import type { Palette } from '../theme.ts';
import { el } from '../view/dom.ts';
import { TaskList } from '../view/tasklist.ts';
import { GraphCanvas } from './canvas.ts';
import type { Filter } from './filter.ts';

export interface GraphPanelEvents {
  choose(id: string | null, keyboard: boolean): void;
  open(): void; // Enter: to the details of what is chosen
}

export class GraphPanel {
  private readonly empty = el('div', { class: 'trd-empty' }, 'No tasks yet: call a function decorated with @task.');
  private readonly canvas: GraphCanvas;
  private readonly list: TaskList;
  readonly element: HTMLElement;

  constructor(events: GraphPanelEvents) {
    this.canvas = new GraphCanvas({ choose: (id) => events.choose(id, false), hover: (id) => this.onHover(id) });
    this.list = new TaskList(
      { places: this.canvas.layout.places, parentsOf: (id) => this.canvas.scene.nodes.get(id)?.parents ?? [] },
      { choose: (id) => events.choose(id, true), open: () => events.open(), leave: () => events.choose(null, true) },
    );
    const tools = el(
      'div',
      { class: 'trd-tools', role: 'toolbar', 'aria-label': 'Graph' },
      tool('Zoom out', '−', () => this.zoom(1 / 1.3)),
      tool('Zoom in', '+', () => this.zoom(1.3)),
      tool('Show everything and follow', 'Fit', () => this.fit()),
    );
    this.element = el('div', { class: 'trd-graph' }, this.list.element, this.canvas.canvas, this.empty, tools);
  }

  dispose(): void {
    this.canvas.dispose();
  }

  setPalette(palette: Palette): void {
    this.canvas.setPalette(palette);
  }

  /** Take in what a delta changed in `state`. */
  update(state: State, delta: Delta): void {
    this.canvas.update(state, delta);
    this.list.update(state, delta);
    this.empty.hidden = this.canvas.scene.nodes.size > 0;
  }

  /** Mark a task or group, chosen here or elsewhere. */
  choose(id: string | null, keyboard: boolean): void {
    this.canvas.choose(id, keyboard);
    this.list.mark(id);
  }

  /** Dim what a person does not look for; null: nothing. */
  filter(filter: Filter | null): void {
    this.canvas.filter(filter);
  }

  focus(): void {
    this.list.element.focus();
  }

  private onHover(id: string | null): void {
    this.canvas.canvas.title = id === null ? '' : (this.list.wordsOf(id) ?? '');
  }

  private zoom(factor: number): void {
    this.canvas.camera.zoom(factor);
    this.canvas.touch();
  }

  private fit(): void {
    const again = this.canvas.camera.follows;
    this.canvas.camera.follows = true;
    this.canvas.fit(again);
  }
}

function tool(label: string, text: string, act: () => void): HTMLElement {
  const button = el('button', { class: 'trd-button', type: 'button', 'aria-label': label, title: label }, text);
  button.addEventListener('click', act);
  return button;
}
