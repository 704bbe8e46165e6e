// The graph on a canvas: keeps positions, camera and pointer, repaints when something changed (at most once a frame;
// what moves by itself at most ten times a second, and not at all where less motion is wanted or nobody looks).
import type { Delta, State } from '../feed/reducer.ts';
import { GROUP_H, Layered, NODE_H, NODE_W, type NewNode } from '../layout/layered.ts';
import { LIGHT, type Palette } from '../theme.ts';
import { leading, total } from '../states.ts';
import { type Filter, matcher } from './filter.ts';
import { type Box, Camera } from './camera.ts';
import { paint, type PaintNode, type Scene } from './paint.ts';

const LEGIBLE = 0.3;
const CLICK_PX = 4;

export interface GraphEvents {
  choose(id: string | null): void;
  hover(id: string | null): void;
}

export class GraphCanvas {
  readonly canvas = document.createElement('canvas');
  readonly camera = new Camera();
  readonly layout = new Layered();
  readonly scene: Scene = { nodes: new Map(), chosen: null, hovered: null, keyboard: false, phase: 0, match: null };
  private palette: Palette = LIGHT;
  private dirty = false;
  private onScreen = true;
  private epoch = '';
  private wanted: Filter | null = null;
  private state: State | null = null;
  private fitted = false;
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');
  private readonly resized = new ResizeObserver(() => this.resize());
  private readonly seen = new IntersectionObserver((entries) => {
    this.onScreen = entries.at(-1)?.isIntersecting ?? true;
    this.touch();
  });
  private readonly pulse = setInterval(() => this.beat(), 100);

  constructor(private readonly events: GraphEvents) {
    this.canvas.className = 'trd-canvas';
    this.canvas.setAttribute('aria-hidden', 'true'); // the list of tasks beside it says the same in words
    this.resized.observe(this.canvas);
    this.seen.observe(this.canvas);
    this.listen();
  }

  dispose(): void {
    clearInterval(this.pulse);
    this.resized.disconnect();
    this.seen.disconnect();
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.touch();
  }

  /** Take in what a delta changed in `state`. */
  update(state: State, delta: Delta): void {
    this.state = state;
    if (state.epoch !== this.epoch) {
      this.epoch = state.epoch;
      this.layout.clear();
      this.scene.nodes.clear();
    }
    const isNode = (id: string): boolean => id in state.group || (id in state.task && !state.task[id]?.group);
    const changed = delta.reset
      ? [...Object.keys(state.task), ...Object.keys(state.group)]
      : [...Object.keys(delta.put?.task ?? {}), ...Object.keys(delta.put?.group ?? {})];
    const gone = delta.reset ? [...this.scene.nodes.keys()] : [...(delta.del?.task ?? []), ...(delta.del?.group ?? []), ...changed];
    for (const id of gone) {
      if (isNode(id)) continue;
      this.layout.remove(id);
      this.scene.nodes.delete(id);
    }
    const shown = changed.filter(isNode);
    const fresh = shown.filter((id) => !this.layout.places.has(id)).map((id) => newNode(state, id));
    this.layout.add(fresh.sort((a, b) => a.cell - b.cell || Number(b.group) - Number(a.group)));
    for (const id of shown) this.scene.nodes.set(id, this.paintNode(state, id));
    this.scene.match = matcher(state, this.wanted);
    if (this.scene.chosen && !this.scene.nodes.has(this.scene.chosen)) this.events.choose(null);
    if (this.camera.follows && !this.scene.chosen) this.fit(false);
    this.touch();
  }

  /** Show everything or, where that would be too small, the newest part; `all`: everything however small. */
  fit(all: boolean, atOnce = this.still.matches): void {
    const places = [...this.layout.places.values()];
    if (!places.length) return;
    const strip = this.layout.strips.at(-1);
    const whole = boxOf(places);
    const newest = boxOf(places.filter((place) => place.strip === strip));
    this.camera.fit(all || this.camera.scaleFor(whole) >= LEGIBLE ? whole : newest, atOnce || !this.fitted);
    this.fitted = true;
    this.touch();
  }

  /** Dim what does not match; null: nothing. */
  filter(filter: Filter | null): void {
    this.wanted = filter;
    this.scene.match = this.state && matcher(this.state, this.wanted);
    this.touch();
  }

  /** Mark a node; by keyboard it is also brought into view. */
  choose(id: string | null, keyboard: boolean): void {
    this.scene.chosen = id;
    this.scene.keyboard = keyboard;
    if (keyboard) this.reveal();
    this.touch();
  }

  /** Bring the chosen node into view. */
  private reveal(): void {
    const node = this.scene.chosen === null ? undefined : this.scene.nodes.get(this.scene.chosen);
    if (node) this.camera.reveal({ x0: node.x, y0: node.y, x1: node.x + node.w, y1: node.y + node.h });
  }

  touch(): void {
    if (this.dirty) return;
    this.dirty = true;
    requestAnimationFrame(() => this.frame());
  }

  private beat(): void {
    if (this.still.matches || !this.onScreen || document.hidden) {
      this.scene.phase = 0;
      return;
    }
    for (const node of this.scene.nodes.values()) {
      if (node.state !== 'running' || node.counts) continue;
      this.scene.phase = performance.now() / 1000;
      return this.touch();
    }
  }

  private frame(): void {
    this.dirty = false;
    if (!this.onScreen || !this.canvas.isConnected) return;
    const gliding = this.camera.glide();
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    paint(context, this.scene, { k: this.camera.k, seen: this.camera.seen() }, this.palette);
    if (gliding) this.touch();
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.camera.width = width;
    this.camera.height = height;
    if (this.scene.chosen !== null) this.reveal();
    else if (this.camera.follows) this.fit(false, true);
    this.touch();
  }

  private paintNode(state: State, id: string): PaintNode {
    const place = this.layout.places.get(id);
    const at = { id, x: place?.x ?? 0, y: place?.y ?? 0, w: NODE_W };
    const group = state.group[id];
    if (group) {
      const label = group.fn < 0 ? 'older tasks' : (state.function[group.fn]?.name ?? 'task');
      const suffix = `×${total(group.counts).toLocaleString('en')}`;
      return { ...at, h: GROUP_H, label, suffix, state: leading(group.counts), counts: group.counts, parents: Object.keys(group.in) };
    }
    const task = state.task[id];
    if (!task) throw new Error(`no node ${id}`);
    const label = task.title ?? state.function[task.fn]?.name ?? 'task';
    return { ...at, h: NODE_H, label, suffix: `#${id}`, state: task.state, counts: null, progress: task.progress, parents: (task.in ?? []).map(String) };
  }

  private nodeAt(event: PointerEvent): string | null {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = this.camera.toSheet(event.clientX - box.left, event.clientY - box.top);
    for (const node of this.scene.nodes.values()) {
      if (x >= node.x && x <= node.x + node.w && y >= node.y && y <= node.y + node.h) return node.id;
    }
    return null;
  }

  private listen(): void {
    const canvas = this.canvas;
    let from: { x: number; y: number; moved: boolean } | null = null;
    canvas.addEventListener('pointerdown', (event) => {
      from = { x: event.clientX, y: event.clientY, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!from) return this.onHover(this.nodeAt(event));
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < CLICK_PX) return;
      from = { x: event.clientX, y: event.clientY, moved: true };
      this.camera.pan(dx, dy);
      this.touch();
    });
    canvas.addEventListener('pointerup', (event) => {
      if (from && !from.moved) this.events.choose(this.nodeAt(event));
      from = null;
    });
    canvas.addEventListener('pointercancel', () => (from = null));
    canvas.addEventListener('pointerleave', () => this.onHover(null));
    canvas.addEventListener('dblclick', () => {
      this.camera.follows = true;
      this.fit(false);
    });
    canvas.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return; // the plain wheel scrolls the notebook
        event.preventDefault();
        const box = canvas.getBoundingClientRect();
        this.camera.zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
        this.touch();
      },
      { passive: false },
    );
  }

  private onHover(id: string | null): void {
    if (id === this.scene.hovered) return;
    this.scene.hovered = id;
    this.canvas.style.cursor = id ? 'pointer' : '';
    this.events.hover(id);
    this.touch();
  }
}

function newNode(state: State, id: string): NewNode {
  const group = state.group[id];
  if (group) return { id, parents: Object.keys(group.in), cell: group.cell, group: true };
  const task = state.task[id];
  return { id, parents: (task?.in ?? []).map(String), cell: task?.cell ?? 0, group: false };
}

function boxOf(places: Iterable<{ x: number; y: number; h: number }>): Box {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const { x, y, h } of places) {
    box.x0 = Math.min(box.x0, x);
    box.y0 = Math.min(box.y0, y);
    box.x1 = Math.max(box.x1, x + NODE_W);
    box.y1 = Math.max(box.y1, y + h);
  }
  return box;
}
