// The graph on a canvas: keeps nodes, positions and camera, repaints when something changed (at most once a frame; what
// moves by itself at most ten times a second, and not at all where less motion is wanted or nobody looks). What
// stands still is painted once into a picture larger than the window, which is then only moved while one pans.
import type { Delta, State } from '../feed/reducer.ts';
import { Layered, type NewNode } from '../layout/layered.ts';
import { tidy } from '../layout/tidy.ts';
import { fine, onceAFrame } from '../page/frames.ts';
import { followPointer } from '../page/pointer.ts';
import { LIGHT, type Palette } from '../page/theme.ts';
import { type Filter, matcher } from '../words/filter.ts';
import { type Box, Camera } from './camera.ts';
import { type Changes, type Fold, type GraphNode, Nodes } from './nodes.ts';
import { isChevron, type Lively, paintLively, paintStill, type Still } from './paint.ts';
import { around, boxOf, type PaintNode, Scene } from './scene.ts';

const LEGIBLE = 0.24;
const OVERSIZE = 0.3; // of the window, on each side of the picture that is kept
const MOVE_MS = 450;

export interface GraphEvents {
  choose(id: string | null): void;
  toggle(id: string): void; // open or close a box
  hover(id: string | null): void;
  moved(): void; // the camera or a frame has moved
}

export class GraphCanvas {
  readonly canvas = document.createElement('canvas');
  readonly camera = new Camera();
  readonly nodes = new Nodes();
  readonly scene = new Scene();
  layout = new Layered();
  readonly still: Still = { frames: [], labels: [], match: null, moves: null };
  private readonly lively: Lively = { chosen: null, hovered: null, keyboard: false, phase: 0, match: null };
  private readonly running = new Set<PaintNode>();
  private readonly kept = document.createElement('canvas'); // the picture of what stands still
  private keptAt: { k: number; ratio: number; seen: Box } | null = null;
  private palette: Palette = LIGHT;
  private onScreen = true;
  private epoch = '';
  private fitted = false;
  private wanted: Filter | null = null;
  private state: State | null = null;
  private readonly calm = matchMedia('(prefers-reduced-motion: reduce)');
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
    this.changed();
  }

  get colours(): Palette {
    return this.palette;
  }

  // ------------------------------------------------------------------ what is shown
  /** Take in what a delta changed in `state`; returns what changed in the graph. */
  update(state: State, delta: Delta): Changes {
    this.state = state;
    if (state.epoch !== this.epoch) {
      this.epoch = state.epoch;
      this.layout.clear();
      this.scene.clear();
      this.nodes.all.clear();
    }
    const changes = this.nodes.update(state, delta);
    this.show(changes);
    if (this.camera.follows && this.lively.chosen === null) this.fit(false);
    return changes;
  }

  /** See tasks one by one as far as the feed has them, or folded. */
  foldBy(fold: Fold): Changes {
    const changes = this.nodes.foldBy(fold);
    this.layout.clear();
    this.scene.clear();
    this.show(changes);
    this.camera.follows = true;
    this.fit(true, true);
    return changes;
  }

  /** Show the page of a box that `nodes` has got, and go there if the box was closed. */
  showPage(box: string, goThere: boolean): Changes {
    const changes = this.nodes.settle();
    this.show(changes);
    const frame = this.still.frames.find((one) => one.of === box);
    if (frame && goThere) this.goTo(frame.box, box);
    return changes;
  }

  closeBox(box: string): Changes {
    this.nodes.close(box);
    const changes = this.nodes.settle();
    this.show(changes);
    return changes;
  }

  /** Place everything anew. The only time that drawn nodes move. */
  tidy(): void {
    const before = new Map([...this.scene.nodes.values()].map((node) => [node.id, [node.x, node.y] as const]));
    const base = [...this.nodes.all.values()].filter((node) => node.frame === null);
    this.layout = tidy(inOrder(base).map(newNode));
    for (const frame of this.nodes.pages.keys()) this.layout.addFrame(frame, this.nodes.inFrame(frame).map(newNode));
    for (const node of this.nodes.all.values()) this.place(node);
    this.arrange();
    const moves = new Map<string, [number, number]>();
    for (const [id, [x, y]] of before) {
      const now = this.scene.nodes.get(id);
      if (now && (now.x !== x || now.y !== y)) moves.set(id, [x - now.x, y - now.y]);
    }
    this.camera.follows = true;
    this.fit(true);
    if (!this.calm.matches && this.onScreen) this.move(moves);
    this.changed();
  }

  /** Dim what does not match; null: nothing. */
  filter(filter: Filter | null): void {
    this.wanted = filter;
    this.match();
    this.changed();
  }

  /** Mark a node; by keyboard it is also brought into view. */
  choose(id: string | null, keyboard: boolean): void {
    this.lively.chosen = id;
    this.lively.keyboard = keyboard;
    if (keyboard) this.reveal();
    this.touch();
  }

  // ------------------------------------------------------------------ the camera
  /** Show everything or, where that would be too small, what runs or came last; `all`: everything however small. */
  fit(all: boolean, atOnce = this.calm.matches): void {
    const whole = this.extent();
    if (!whole) return;
    const first = atOnce || !this.fitted;
    this.fitted = true;
    this.touch();
    if (all || this.camera.scaleFor(whole) >= LEGIBLE) return this.camera.fit(whole, first);
    let busy: Box | null = null;
    for (const node of this.running) busy = around(busy, node);
    if (!busy) {
      const strip = this.layout.strips.filter((one) => one.frame === null).at(-1);
      for (const place of this.layout.places.values()) if (place.strip === strip) busy = around(busy, place);
    }
    if (busy) this.camera.follow(busy, whole, LEGIBLE * 1.6, first);
  }

  zoom(factor: number): void {
    this.camera.zoom(factor);
    this.touch();
  }

  private extent(): Box | null {
    let whole = this.scene.extent;
    for (const { box } of this.still.frames) whole = around(whole, { x: box.x0, y: box.y0, w: box.x1 - box.x0, h: box.y1 - box.y0 });
    return whole;
  }

  private goTo(box: Box, of: string): void {
    const from = this.scene.nodes.get(of);
    const both = from ? around({ ...box }, from) : box;
    this.camera.follows = false;
    this.camera.fit(this.camera.scaleFor(both) >= LEGIBLE ? both : box, this.calm.matches);
    this.touch();
  }

  /** Bring the chosen node into view. */
  private reveal(): void {
    const node = this.scene.nodes.get(this.lively.chosen ?? '');
    if (node) this.camera.reveal(boxOf(node));
  }

  // ------------------------------------------------------------------ nodes and places
  private show({ put, gone }: Changes): void {
    for (const id of gone) {
      this.layout.remove(id);
      this.scene.remove(id);
    }
    const fresh = put.filter((node) => !this.layout.places.has(node.id));
    this.layout.add(inOrder(fresh.filter((node) => node.frame === null)).map(newNode));
    const framed = new Set(fresh.flatMap((node) => node.frame ?? []));
    for (const frame of framed) this.layout.addFrame(frame, this.nodes.inFrame(frame).map(newNode));
    for (const node of put) this.place(node);
    for (const frame of framed) for (const node of this.nodes.inFrame(frame)) this.place(node);
    if (this.lively.chosen !== null && gone.includes(this.lively.chosen) && !this.scene.nodes.has(this.lively.chosen)) this.events.choose(null);
    this.arrange();
    this.match();
    this.changed();
  }

  private place(node: GraphNode): void {
    const place = this.layout.places.get(node.id);
    if (place) this.scene.put(node, place);
  }

  /** Frames, labels and who runs, after nodes have changed. */
  private arrange(): void {
    this.still.frames = [...this.nodes.pages.keys()].flatMap((of) => {
      const box = this.layout.frameBox(of);
      return box ? [{ of, box }] : [];
    });
    const strips = this.layout.strips.filter((strip) => strip.frame === null && strip.count > 0);
    const label = (cells: Set<number>): string => [...cells].filter(Boolean).map((cell) => `[${cell}]`).join(' ');
    const labels = strips.map((strip) => ({ x: 0, y: strip.top - (strip.group ? 14 : 9), text: label(strip.cells) }));
    this.still.labels = strips.length > 1 ? labels.filter(({ text }, i) => text && text !== labels[i - 1]?.text) : [];
    this.running.clear();
    for (const node of this.scene.nodes.values()) if (node.state === 'running' || node.counts?.running) this.running.add(node);
  }

  private match(): void {
    this.still.match = this.lively.match = this.state && matcher(this.state, this.wanted, (id) => this.nodes.recordOf(id), (id) => this.nodes.boxOf(id));
  }

  private move(moves: Map<string, [number, number]>): void {
    const began = performance.now();
    const step = (): void => {
      const t = Math.min(1, (performance.now() - began) / MOVE_MS);
      const left = (1 - t) ** 3;
      this.still.moves = t < 1 ? new Map([...moves].map(([id, [dx, dy]]) => [id, [dx * left, dy * left]])) : null;
      this.changed();
      if (t < 1) requestAnimationFrame(step);
    };
    step();
  }

  // ------------------------------------------------------------------ painting
  /** What stands still has changed. */
  changed(): void {
    this.keptAt = null;
    this.touch();
  }

  readonly touch = onceAFrame(() => this.frame());

  private beat(): void {
    if (this.calm.matches || !this.onScreen || document.hidden || !this.running.size) {
      if (this.lively.phase) this.touch();
      this.lively.phase = 0;
      return;
    }
    this.lively.phase = performance.now() / 1000;
    this.touch();
  }

  private frame(): void {
    if (!this.onScreen || !this.canvas.isConnected) return;
    const gliding = this.camera.glide();
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const view = { k: this.camera.k, seen: this.camera.seen() };
    const ratio = fine(this.canvas, this.camera.width, this.camera.height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (gliding) {
      context.scale(ratio, ratio);
      paintStill(context, this.scene, this.still, view, this.palette);
      this.keptAt = null;
    } else this.paintKept(context, view, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (!this.still.moves) paintLively(context, this.scene, this.lively, view, this.running, this.palette);
    this.events.moved();
    if (gliding) this.touch();
  }

  /** Move the picture of what stands still to where it is seen now; paint it anew only if it does not reach. */
  private paintKept(context: CanvasRenderingContext2D, { k, seen }: { k: number; seen: Box }, ratio: number): void {
    const at = this.keptAt;
    if (!at || at.k !== k || at.ratio !== ratio || seen.x0 < at.seen.x0 || seen.y0 < at.seen.y0 || seen.x1 > at.seen.x1 || seen.y1 > at.seen.y1) {
      const dx = (OVERSIZE * this.camera.width) / k;
      const dy = (OVERSIZE * this.camera.height) / k;
      const larger = { x0: seen.x0 - dx, y0: seen.y0 - dy, x1: seen.x1 + dx, y1: seen.y1 + dy };
      const width = Math.ceil((larger.x1 - larger.x0) * k * ratio);
      const height = Math.ceil((larger.y1 - larger.y0) * k * ratio);
      if (this.kept.width !== width || this.kept.height !== height) [this.kept.width, this.kept.height] = [width, height];
      const c = this.kept.getContext('2d');
      if (!c) return;
      c.setTransform(1, 0, 0, 1, 0, 0);
      c.clearRect(0, 0, width, height);
      c.scale(ratio, ratio);
      paintStill(c, this.scene, this.still, { k, seen: larger }, this.palette);
      this.keptAt = { k, ratio, seen: larger };
    }
    const kept = this.keptAt?.seen as Box;
    context.drawImage(this.kept, Math.round((kept.x0 - seen.x0) * k * ratio), Math.round((kept.y0 - seen.y0) * k * ratio));
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const shownAgain = width === this.camera.width && height === this.camera.height; // as it was left
    fine(this.canvas, width, height);
    this.camera.width = width;
    this.camera.height = height;
    if (this.lively.chosen !== null && !shownAgain) this.reveal();
    else if (this.camera.follows) this.fit(false, true);
    this.changed();
  }

  // ------------------------------------------------------------------ the pointer
  private nodeAt(x: number, y: number): PaintNode | null {
    return this.scene.at(...this.camera.toSheet(x, y));
  }

  private listen(): void {
    followPointer(this.canvas, {
      pan: (dx, dy) => {
        this.camera.pan(dx, dy);
        this.touch();
      },
      zoom: (factor, x, y) => {
        this.camera.zoom(factor, x, y);
        this.touch();
      },
      click: (x, y) => {
        const node = this.nodeAt(x, y);
        if (node && isChevron(node, ...this.camera.toSheet(x, y))) this.events.toggle(node.id);
        else this.events.choose(node?.id ?? null);
      },
      twice: (x, y) => {
        const node = this.nodeAt(x, y);
        if (node?.counts) return this.events.toggle(node.id);
        this.camera.follows = true;
        this.fit(false);
      },
      hover: (x, y) => this.onHover(this.nodeAt(x, y)?.id ?? null),
      leave: () => this.onHover(null),
    });
  }

  private onHover(id: string | null): void {
    if (id === this.lively.hovered) return;
    this.lively.hovered = id;
    this.canvas.style.cursor = id ? 'pointer' : '';
    this.events.hover(id);
    this.touch();
  }
}

function newNode(node: GraphNode): NewNode {
  return { id: node.id, parents: node.parents, cell: node.cell, group: node.counts !== null };
}

/** By cell, boxes first: so that parents come before children. */
function inOrder(nodes: GraphNode[]): GraphNode[] {
  return [...nodes].sort((a, b) => a.cell - b.cell || Number(b.counts !== null) - Number(a.counts !== null));
}
