// The task stream as one part of the page: what each worker ran and when, on a canvas, with a toolbar, a legend, and the
// same in words for keyboard and screen readers. Knows the feed, not who shows it.
import type { State } from '../feed/reducer.ts';
import { el, Rows, setAttribute, setText, tool } from '../page/dom.ts';
import { fine, onceAFrame } from '../page/frames.ts';
import { followPointer, type PointerEvents } from '../page/pointer.ts';
import { LIGHT, type Palette } from '../page/theme.ts';
import type { Filter } from '../words/filter.ts';
import { clock, count, inPercent, inSeconds } from '../words/format.ts';
import { hueOf } from './hues.ts';
import { busyShare, extentOf, type Lane, lanesOf, type Span, spanAt } from './lanes.ts';
import { matchesSpan } from './matches.ts';
import { AXIS_H, laneHeight, paintStream, type Sheet, timeAt, xOf } from './paint.ts';
import { LAST_S, TimeWindow } from './window.ts';

const LEAST_LANE_H = 12;
const NEAR_PX = 4;
const LEGEND = 8;
const BEAT_MS = 100;
const STILL_BEAT_MS = 1000;

interface Place {
  worker: number;
  span: Span;
}

export interface StreamEvents {
  choose(id: string, keyboard: boolean): void;
  open(): void; // Enter: to the details of what is chosen
}

export class StreamPanel {
  readonly window = new TimeWindow();
  private readonly canvas = el('canvas', { class: 'trd-stream-canvas', 'aria-hidden': 'true' });
  private readonly scroll = el('div', { class: 'trd-stream-scroll', tabindex: 0, role: 'application', 'aria-roledescription': 'timeline', 'aria-label': 'Task stream' }, this.canvas);
  private readonly said = el('div', { class: 'trd-stream-said', 'aria-live': 'polite' });
  private readonly empty = el('div', { class: 'trd-empty' }, 'Nothing has run yet. Each worker gets a lane, each task a bar.');
  private readonly legend = el('ul', { class: 'trd-legend', 'aria-label': 'Colours' });
  private readonly follows = { last: tool(`Last ${LAST_S} s`, 'Follow the newest seconds', () => this.follow('last')), all: tool('All', 'Show everything from the first task on', () => this.follow('all')) };
  readonly element = el(
    'div',
    { class: 'trd-stream' },
    el(
      'div',
      { class: 'trd-bar-of-tools', role: 'toolbar', 'aria-label': 'Task stream' },
      this.follows.last,
      this.follows.all,
      tool('−', 'Zoom out', () => this.zoom(1 / 1.6)),
      tool('+', 'Zoom in', () => this.zoom(1.6)),
      this.legend,
    ),
    el('div', { class: 'trd-stream-sheet' }, this.scroll, this.empty),
    this.said,
  );
  private readonly legendRows = new Rows<string, { element: HTMLElement; dot: HTMLElement; name: HTMLElement }>(this.legend, makeLegend, (parts, name, key) => {
    setText(parts.name, name);
    parts.dot.style.background = this.hue(Number(key)).fill;
  });
  private state: State | null = null;
  private lanes: Lane[] = [];
  private order = new Map<number, number>(); // function -> which colour
  private extent: [number, number] | null = null;
  private palette: Palette = LIGHT;
  private filter: Filter | null = null;
  private chosen: Place | null = null;
  private hovered: Span | null = null;
  private active = false;
  private readonly soon = onceAFrame(() => this.frame());
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');
  private readonly resized = new ResizeObserver(() => this.touch());
  private readonly pulse = setInterval(() => this.beat(), BEAT_MS);
  private beaten = 0;

  constructor(private readonly events: StreamEvents) {
    this.resized.observe(this.scroll);
    this.scroll.addEventListener('keydown', (event) => this.onKey(event));
    const pointer: PointerEvents = {
      hover: (x, y) => this.onHover(this.at(x, y)),
      leave: () => this.onHover(null),
      click: (x, y) => this.onClick(x, y),
      twice: () => this.follow('all'),
      pan: (dx) => this.change(() => this.window.pan((-dx / Math.max(1, this.sheet().width - this.sheet().gutter)) * this.window.length)),
      zoom: (factor, x) => this.zoom(factor, timeAt(x, this.window, this.sheet())),
    };
    followPointer(this.canvas, pointer, this.scroll);
    this.sayWindow();
  }

  dispose(): void {
    clearInterval(this.pulse);
    this.resized.disconnect();
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    if (this.state) this.update(this.state);
  }

  /** Whether anybody looks. */
  setActive(active: boolean): void {
    this.active = active;
    this.touch();
  }

  update(state: State): void {
    this.state = state;
    const now = Date.now() / 1000;
    this.lanes = lanesOf(state, now);
    this.extent = extentOf(this.lanes);
    for (const fn of Object.keys(state.function).map(Number).sort((a, b) => a - b)) if (!this.order.has(fn)) this.order.set(fn, this.order.size);
    this.empty.hidden = this.extent !== null;
    this.keepChosen();
    const most = Object.entries(state.function).sort(([, a], [, b]) => (b.total ?? 0) - (a.total ?? 0)).slice(0, LEGEND);
    this.legendRows.update(most.map(([key, { name }]) => [key, name]));
    this.touch();
  }

  /** Mark a task chosen here or elsewhere. */
  choose(id: string | null): void {
    if (id !== null && this.chosen && String(this.chosen.span.number) === id) return;
    this.chosen = null;
    for (const lane of this.lanes) {
      const span = id === null ? undefined : lane.spans.filter((each) => each.number !== 0 && String(each.number) === id).at(-1);
      if (span) this.chosen = { worker: lane.worker, span };
    }
    this.touch();
  }

  setFilter(filter: Filter | null): void {
    this.filter = filter;
    this.touch();
  }

  private hue(fn: number): ReturnType<typeof hueOf> {
    return hueOf(fn, this.order, this.palette.dark);
  }

  private follow(what: 'last' | 'all'): void {
    this.change(() => (this.window.follows = what));
  }

  private zoom(factor: number, at?: number): void {
    this.change(() => this.window.zoom(factor, at));
  }

  private change(act: () => void): void {
    act();
    this.sayWindow();
    this.touch();
  }

  private sayWindow(): void {
    for (const [what, button] of Object.entries(this.follows)) setAttribute(button, 'aria-pressed', String(this.window.follows === what));
  }

  /** Time goes on while something runs. */
  private beat(): void {
    if (!this.active || document.hidden || !this.lanes.some((lane) => lane.spans.at(-1)?.ending === 'running')) return;
    const now = performance.now();
    if (this.still.matches && now - this.beaten < STILL_BEAT_MS) return;
    this.beaten = now;
    this.touch();
  }

  private touch(): void {
    if (this.active) this.soon();
  }

  private sheet(): Sheet {
    const width = this.scroll.clientWidth;
    const height = Math.max(this.scroll.clientHeight, this.lanes.length * LEAST_LANE_H + AXIS_H);
    return { width, height, gutter: width < 460 ? 30 : 104 };
  }

  private frame(): void {
    const context = this.canvas.getContext('2d');
    const sheet = this.sheet();
    if (!context || !this.canvas.isConnected || !sheet.width || !sheet.height) return;
    const ratio = fine(this.canvas, sheet.width, sheet.height);
    this.canvas.style.height = `${sheet.height}px`;
    const now = Date.now() / 1000;
    let runs = false;
    for (const { spans } of this.lanes) {
      const last = spans.at(-1);
      if (last?.ending !== 'running') continue;
      runs = true;
      last.busy = last.end - last.begin;
      last.end = Math.max(last.end, now);
    }
    if (this.extent) this.window.advance(this.extent, Math.max(now, this.extent[1]), runs);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, sheet.width, sheet.height);
    paintStream(context, this.lanes, this.window, this.extent?.[0] ?? 0, sheet, {
      palette: this.palette,
      hueOf: (fn) => this.hue(fn),
      labelOf: (span) => this.label(span),
      gutterOf: (lane) => (sheet.gutter < 60 ? `w${lane.worker}` : `worker ${lane.worker} · ${inPercent(busyShare(lane, Math.max(this.window.from, this.extent?.[0] ?? 0), Math.min(this.window.to, runs ? now : (this.extent?.[1] ?? now))))}`),
      matches: (span) => matchesSpan(this.state, this.filter, span),
      chosen: this.chosen?.span ?? null,
      hovered: this.hovered,
    });
  }

  private label(span: Span): string {
    const name = this.state?.function[span.fn]?.name ?? 'task';
    return span.count > 1 ? `${count(span.count)} × ${name}` : `${this.state?.task[span.number]?.title ?? name} #${span.number}`;
  }

  /** A span in words. */
  wordsOf(span: Span, worker: number): string {
    const length = span.end - span.begin;
    const when = `${clock(span.begin, 2)}`;
    if (span.count > 1) {
      const worst = span.ending === 'done' ? '' : `, some ${span.ending}`;
      return `${count(span.count)} short tasks, mostly ${this.state?.function[span.fn]?.name ?? 'task'}${worst} · worker ${worker} · from ${when} for ${inSeconds(length)}, busy ${inPercent(span.busy / length)}`;
    }
    return `${this.label(span)} · ${span.ending} · worker ${worker} · from ${when} for ${inSeconds(length)}`;
  }

  private at(x: number, y: number): Place | null {
    const sheet = this.sheet();
    const lane = this.lanes[Math.floor(y / laneHeight(sheet, this.lanes.length))];
    if (!lane || x < sheet.gutter) return null;
    const time = timeAt(x, this.window, sheet);
    const span = spanAt(lane, time, timeAt(x + NEAR_PX, this.window, sheet) - time);
    return span && { worker: lane.worker, span };
  }

  private onHover(found: Place | null): void {
    if ((found?.span ?? null) === this.hovered) return;
    this.hovered = found?.span ?? null;
    this.canvas.style.cursor = found ? 'pointer' : '';
    const shown = found ?? this.chosen;
    setText(this.said, shown ? this.wordsOf(shown.span, shown.worker) : '');
    this.touch();
  }

  private onClick(x: number, y: number): void {
    const found = this.at(x, y);
    if (found) this.take(found.worker, found.span, false);
  }

  private take(worker: number, span: Span, keyboard: boolean): void {
    this.chosen = { worker, span };
    setText(this.said, this.wordsOf(span, worker));
    if (span.number) this.events.choose(String(span.number), keyboard);
    else if (!keyboard) this.change(() => this.window.show(span.begin, span.end)); // many short ones: look closer
    if (keyboard) this.change(() => this.revealed(span));
    this.touch();
  }

  private revealed(span: Span): void {
    if (xOf(span.end, this.window, this.sheet()) > this.sheet().width || span.begin < this.window.from) this.window.reveal(span.begin, span.end);
  }

  /** Spans are made anew with each delta: find the chosen one again. */
  private keepChosen(): void {
    const old = this.chosen;
    if (!old) return;
    const lane = this.lanes.find((each) => each.worker === old.worker);
    const again = lane?.spans.find((span) => (old.span.number ? span.number === old.span.number : span.begin === old.span.begin));
    this.chosen = again ? { worker: old.worker, span: again } : null;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.actionOf(event);
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  private actionOf({ key, shiftKey }: KeyboardEvent): (() => void) | null {
    const pan = this.window.length / 5;
    if (key === '+' || key === '=') return () => this.zoom(1.6);
    if (key === '-') return () => this.zoom(1 / 1.6);
    if (key === '0') return () => this.follow('all');
    if (key === 'Enter') return () => (this.chosen?.span.number ? this.events.open() : this.chosen && this.change(() => this.chosen && this.window.show(this.chosen.span.begin, this.chosen.span.end)));
    if (shiftKey && key === 'ArrowLeft') return () => this.change(() => this.window.pan(-pan));
    if (shiftKey && key === 'ArrowRight') return () => this.change(() => this.window.pan(pan));
    if (key.startsWith('Arrow') || key === 'Home' || key === 'End') return () => this.step(key);
    return null;
  }

  /** Left and right along the lane, up and down to what another worker ran at that time. */
  private step(key: string): void {
    const lanes = this.lanes.filter((lane) => lane.spans.length);
    let row = lanes.findIndex((lane) => lane.worker === this.chosen?.worker);
    if (row < 0 || !this.chosen) {
      const [lane] = lanes;
      const last = lane?.spans.at(-1);
      if (lane && last) this.take(lane.worker, last, true);
      return;
    }
    if (key === 'ArrowUp' || key === 'ArrowDown') {
      row = Math.max(0, Math.min(lanes.length - 1, row + (key === 'ArrowUp' ? -1 : 1)));
      const span = spanAt(lanes[row] as Lane, this.chosen.span.begin, Infinity);
      if (span) this.take((lanes[row] as Lane).worker, span, true);
      return;
    }
    const { spans, worker } = lanes[row] as Lane;
    const at = spans.indexOf(this.chosen.span);
    const to = key === 'Home' ? 0 : key === 'End' ? spans.length - 1 : at + (key === 'ArrowLeft' ? -1 : 1);
    const span = spans[Math.max(0, Math.min(spans.length - 1, to))];
    if (span) this.take(worker, span, true);
  }
}

function makeLegend(): { element: HTMLElement; dot: HTMLElement; name: HTMLElement } {
  const dot = el('span', { class: 'trd-legend-dot' });
  const name = el('span', {});
  return { element: el('li', {}, dot, name), dot, name };
}
