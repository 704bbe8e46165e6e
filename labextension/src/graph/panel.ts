// The graph as one part of the page: the canvas, the same in words, open boxes, its toolbar. Knows the feed, not who shows it.
import type { Delta, State } from '../feed/reducer.ts';
import { el, setText, tool } from '../page/dom.ts';
import type { Palette } from '../page/theme.ts';
import type { Filter } from '../words/filter.ts';
import { Boxes } from './boxes.ts';
import { GraphCanvas } from './canvas.ts';
import type { Changes, Fold, Members } from './nodes.ts';
import type { Still } from './paint.ts';
import type { Scene } from './scene.ts';
import { TaskList } from './tasklist.ts';
import { Walk } from './walk.ts';

export interface GraphPanelEvents {
  choose(id: string | null, keyboard: boolean): void;
  open(): void; // Enter: to the details of what is chosen
  members(group: string, offset: number): Promise<Members>; // the tasks of a box; rejects with a sentence
}

export interface Drawn {
  state: State | null;
  scene: Scene;
  still: Still;
  palette: Palette;
}

const NOTE_MS = 7000;
const PAN_PX = 80;

export class GraphPanel {
  private readonly empty = el('div', { class: 'trd-empty' }, 'No tasks yet: call a function decorated with @task.');
  private readonly note = el('div', { class: 'trd-note', role: 'status', hidden: true });
  private readonly canvas: GraphCanvas;
  private readonly list: TaskList;
  private readonly boxes: Boxes;
  private readonly walk = new Walk();
  private state: State | null = null;
  private noteTimer: ReturnType<typeof setTimeout> | undefined;
  readonly element: HTMLElement;

  /** `more`: another tool, beside those of the graph itself. */
  constructor(more: HTMLElement, events: GraphPanelEvents) {
    this.canvas = new GraphCanvas({
      choose: (id) => events.choose(id, false),
      toggle: (id) => this.boxes.toggle(id),
      hover: (id) => this.onHover(id),
      moved: () => this.boxes.place(this.canvas.still.frames, this.canvas.camera),
    });
    this.boxes = new Boxes(this.canvas.nodes, {
      members: (group, offset) => events.members(group, offset),
      shown: (box, goThere) => this.show(this.canvas.showPage(box, goThere)),
      closed: (box) => this.show(this.canvas.closeBox(box)),
      refused: (why) => this.say(why),
    });
    this.list = new TaskList({
      step: (from, key) => this.walk.step(this.canvas.layout, this.canvas.scene, from, key),
      recordOf: (id) => this.canvas.nodes.recordOf(id),
      choose: (id) => events.choose(id, true),
      open: (id) => (this.state && (id in this.state.group || !this.canvas.nodes.all.get(id)?.counts) ? events.open() : this.boxes.toggle(id)), // folded here: there are no details
      toggle: (id) => void (this.canvas.nodes.all.get(id)?.counts && this.boxes.toggle(id)),
      turn: (id, by) => this.boxes.turn(this.canvas.nodes.all.get(id)?.frame ?? id, by),
      command: (key) => this.onKey(key),
      leave: () => events.choose(null, true),
    });
    this.element = el('div', { class: 'trd-graph' }, this.list.element, this.canvas.canvas, this.boxes.element, this.empty, this.note, this.tools(more));
  }

  dispose(): void {
    clearTimeout(this.noteTimer);
    this.boxes.dispose();
    this.canvas.dispose();
  }

  setPalette(palette: Palette): void {
    this.canvas.setPalette(palette);
  }

  /** Take in what a delta changed in `state`. */
  update(state: State, delta: Delta): void {
    this.state = state;
    this.show(this.canvas.update(state, delta));
    this.boxes.update();
  }

  /** Mark a task or a box, chosen here or elsewhere. */
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

  /** See tasks one by one as far as the feed has them, or folded into boxes. */
  foldBy(fold: Fold): void {
    this.walk.clear();
    this.show(this.canvas.foldBy(fold));
  }

  private show(changes: Changes): void {
    if (this.state) this.list.update(this.state, changes);
    this.empty.hidden = this.canvas.scene.nodes.size > 0;
  }

  /** What is drawn now, to be drawn elsewhere. */
  get drawn(): Drawn {
    return { state: this.state, scene: this.canvas.scene, still: this.canvas.still, palette: this.canvas.colours };
  }

  /** Say something beside the graph for a few seconds. */
  say(text: string): void {
    setText(this.note, text);
    this.note.hidden = false;
    clearTimeout(this.noteTimer);
    this.noteTimer = setTimeout(() => (this.note.hidden = true), NOTE_MS);
  }

  private tools(more: HTMLElement): HTMLElement {
    const fold = el('select', { class: 'trd-select', 'aria-label': 'Show tasks', title: 'Show tasks' });
    for (const [value, text] of [['none', 'each task'], ['function', 'by function'], ['cell', 'by cell']] as const) fold.append(el('option', { value }, text));
    fold.addEventListener('change', () => this.foldBy(fold.value as Fold));
    return el(
      'div',
      { class: 'trd-tools', role: 'toolbar', 'aria-label': 'Graph' },
      fold,
      tool('Tidy', 'Rearrange with fewer crossings', () => this.canvas.tidy()),
      more,
      tool('−', 'Zoom out', () => this.canvas.zoom(1 / 1.3)),
      tool('+', 'Zoom in', () => this.canvas.zoom(1.3)),
      tool('Fit', 'Show everything and follow', () => this.fit()),
    );
  }

  private onKey(key: string): boolean {
    const pan = { 'Shift+ArrowLeft': [1, 0], 'Shift+ArrowRight': [-1, 0], 'Shift+ArrowUp': [0, 1], 'Shift+ArrowDown': [0, -1] }[key];
    if (pan) {
      this.canvas.camera.pan(PAN_PX * (pan[0] as number), PAN_PX * (pan[1] as number));
      this.canvas.touch();
    } else if (key === '+' || key === '-') this.canvas.zoom(key === '+' ? 1.3 : 1 / 1.3);
    else if (key === '0') this.fit();
    else return false;
    return true;
  }

  private onHover(id: string | null): void {
    this.canvas.canvas.title = id === null ? '' : (this.list.wordsOf(id) ?? '');
  }

  private fit(): void {
    const again = this.canvas.camera.follows;
    this.canvas.camera.follows = true;
    this.canvas.fit(again);
  }
}
