// Where tasks stand. Online: a node is placed once, when it comes, and never moves.
//
// The sheet is cut into strips from top to bottom, about one per notebook cell. In a strip a node's layer is the longest
// path to it, its row the mean of its nearest parents' rows or the free one nearest to that. A layer with many nodes
// is a block of several columns, wide enough to look well; how many is open until the next layer is drawn.
// Only the last strip takes in new nodes; what would make it too wide begins the next. The nodes of an opened box
// stand in a strip of their own, a frame. A strip that has become empty is used again where its room is enough.
import { Slots, spread } from './slots.ts';

export const NODE_W = 152;
const NODE_H = 28;
const GROUP_W = 168;
const GROUP_H = 70;
export const COLUMN_GAP = 12;
export const FRAME_HEAD = 60;
const FRAME_PAD = 14;
const LAYER_GAP = 52;
const ROW_GAP = 10;
const STRIP_GAP = 48;
const OVERFLOW_ROWS = 12;
const MANY = 10; // nodes that stand in one column
const WRAP = 1550; // a strip wider than this goes on below, like a line of text ...
const WRAP_RATIO = 5; // ... if it is so many times as wide as high

export interface NewNode {
  id: string;
  parents: string[];
  cell: number;
  group: boolean;
  row?: number | undefined; // where it should stand, from a tidy; else as its parents do
}

export interface Place {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly left: number; // of the block it stands in: where edges of a block of several columns begin and end
  readonly right: number;
  readonly layer: number;
  readonly strip: Strip;
  readonly slot: number;
}

interface Layer {
  x: number;
  columns: number;
  sealed: boolean;
  count: number;
  slots: Slots;
}

export interface Strip {
  readonly top: number;
  readonly pitch: number;
  readonly column: number;
  readonly group: boolean;
  readonly frame: string | null; // the opened box whose nodes stand here
  readonly cells: Set<number>;
  rows: number;
  count: number;
  layers: Layer[];
}

/** Columns of a layer of `count` nodes where `wide` layers have many: the more of these, the narrower and higher each. */
function columnsFor(count: number, wide: number): number {
  return count <= MANY ? 1 : Math.max(2, Math.round(Math.sqrt((0.42 * count) / Math.max(1, wide))));
}

function wideIn(layers: NewNode[][], strip: Strip | null): number {
  return layers.filter((ids, i) => ids.length > MANY && !strip?.layers[i]).length + (strip?.layers.filter((layer) => layer.columns > 1).length ?? 0);
}

export class Layered {
  readonly places = new Map<string, Place>();
  readonly strips: Strip[] = [];
  private readonly frames = new Map<string, Strip>();

  clear(): void {
    this.places.clear();
    this.strips.length = 0;
    this.frames.clear();
  }

  /** Take away a node; its place may be used again, nobody moves. */
  remove(id: string): void {
    const place = this.places.get(id);
    if (!place) return;
    this.places.delete(id);
    const layer = place.strip.layers[place.layer];
    layer?.slots.give(place.slot);
    if (layer) layer.count -= 1;
    place.strip.count -= 1;
    this.dropEmpty();
  }

  /** Place new nodes; parents come before children, or are not drawn. */
  add(nodes: NewNode[]): void {
    for (let from = 0; from < nodes.length; ) {
      const first = nodes[from] as NewNode;
      let to = from + 1;
      while (to < nodes.length && nodes[to]?.cell === first.cell && nodes[to]?.group === first.group) to += 1;
      this.addOfCell(nodes.slice(from, to));
      from = to;
    }
  }

  /**
   * Place the nodes of an opened box, all of them given. Those that stand stay while there is room to grow; else the
   * frame is placed anew, where it was if that is empty and large enough.
   */
  addFrame(frame: string, all: NewNode[]): void {
    const before = this.frames.get(frame);
    const fresh = all.filter((node) => !this.places.has(node.id));
    if (!fresh.length) return;
    if (before?.count && before === this.strips.at(-1)) return this.addToStrip(before, this.layersIn(before, fresh));
    for (const node of all) this.remove(node.id);
    const there = this.strips.indexOf(before as Strip);
    const layers = this.layersIn(null, all);
    const rows = rowsOf(layers, null);
    const { group } = all[0] as NewNode;
    const fits = before && there >= 0 && rows * pitchOf(group) <= before.rows * before.pitch;
    const strip = fits ? (this.strips[there] = makeStrip(before.top, group, frame)) : this.newStrip(all, rows, frame);
    this.frames.set(frame, strip);
    this.addToStrip(strip, layers);
  }

  /** The frame of an opened box with what it holds, for drawing it. */
  frameBox(frame: string): { x0: number; y0: number; x1: number; y1: number } | null {
    const strip = this.frames.get(frame);
    const last = strip?.layers.at(-1);
    if (!strip || !last) return null;
    return { x0: -FRAME_PAD, y0: strip.top - FRAME_HEAD, x1: last.x + widthOf(strip, last.columns) + FRAME_PAD, y1: bottomOf(strip) + FRAME_PAD };
  }

  private addOfCell(all: NewNode[]): void {
    for (let nodes = all; nodes.length; ) {
      const last = this.strips.at(-1);
      const goesOn = last && nodes === all && this.fits(last, nodes);
      const layers = this.layersIn(goesOn ? last : null, nodes);
      const rows = rowsOf(layers, goesOn ? last : null);
      const strip = goesOn ? last : this.newStrip(nodes, rows, null);
      strip.cells.add((nodes[0] as NewNode).cell);
      const kept = layers.splice(0, this.layersWithin(strip, layers, rows));
      this.addToStrip(strip, kept);
      nodes = layers.flat();
    }
  }

  /** How many of these layers the strip has room for. */
  private layersWithin(strip: Strip, layers: NewNode[][], rows: number): number {
    const limit = Math.max(WRAP, WRAP_RATIO * Math.max(strip.rows, rows) * strip.pitch);
    const wide = wideIn(layers, strip);
    let x = 0;
    for (let i = 0; i < layers.length; i++) {
      const drawn = strip.layers[i];
      if (drawn) x = drawn.x;
      else if (x > limit) return i;
      x += widthOf(strip, drawn?.columns ?? columnsFor(layers[i]?.length ?? 0, wide)) + LAYER_GAP;
    }
    return layers.length;
  }

  private addToStrip(strip: Strip, layers: NewNode[][]): void {
    const wide = wideIn(layers, strip);
    const most = Math.max(0, ...layers.map((ids, i) => Math.ceil(ids.length / this.layerAt(strip, i, ids.length, wide).columns)));
    layers.forEach((ids, i) => {
      if (ids.length) this.placeInLayer(strip, i, ids, most);
    });
  }

  /** Whether `nodes` belong into this strip: same cell or child of it, and no drawn column grows out of shape. */
  private fits(strip: Strip, nodes: NewNode[]): boolean {
    const first = nodes[0] as NewNode;
    if (strip.group !== first.group || strip.frame !== null) return false;
    const related = strip.cells.has(first.cell) || nodes.some((n) => n.parents.some((p) => this.places.get(p)?.strip === strip));
    if (!related) return false;
    const layers = this.layersIn(strip, nodes);
    const mine = strip.cells.has(first.cell); // another cell that has no room to the right begins below
    if (!mine && this.layersWithin(strip, layers, rowsOf(layers, strip)) < layers.length) return false;
    return layers.every((ids, i) => {
      const layer = strip.layers[i];
      if (!layer?.sealed) return true;
      const rows = (layer.count + ids.length) / layer.columns;
      return ids.length / layer.columns <= OVERFLOW_ROWS || rows <= strip.rows;
    });
  }

  private layersIn(strip: Strip | null, nodes: NewNode[]): NewNode[][] {
    const layers: NewNode[][] = [];
    const depth = new Map<string, number>();
    for (const node of nodes) {
      let layer = 0;
      for (const parent of node.parents) {
        const place = this.places.get(parent);
        const above = depth.get(parent) ?? (place && place.strip === strip ? place.layer : -1);
        layer = Math.max(layer, above + 1);
      }
      depth.set(node.id, layer);
      (layers[layer] ??= []).push(node);
    }
    for (let i = 0; i < layers.length; i++) layers[i] ??= [];
    return layers;
  }

  /** A strip below all others, or in the place of an empty one that is high enough. */
  private newStrip(nodes: NewNode[], rows: number, frame: string | null): Strip {
    const group = (nodes[0] as NewNode).group;
    const empty = this.strips.findIndex((strip) => strip.count === 0 && strip.rows * strip.pitch >= rows * pitchOf(group) && (strip.frame === null) === (frame === null));
    const reused = this.strips[empty];
    if (reused) return (this.strips[empty] = makeStrip(reused.top, group, frame));
    const last = this.strips.at(-1);
    const above = last ? bottomOf(last) + STRIP_GAP + (last.frame === null ? 0 : FRAME_PAD) : 0;
    const strip = makeStrip(above + (frame === null ? 0 : FRAME_HEAD), group, frame);
    this.strips.push(strip);
    return strip;
  }

  private dropEmpty(): void {
    for (let last = this.strips.at(-1); last?.count === 0; last = this.strips.at(-1)) {
      if (last.frame !== null && this.frames.get(last.frame) === last) this.frames.delete(last.frame);
      this.strips.pop();
    }
  }

  /** The layer, its columns as many as `more` further nodes want while that is still open. */
  private layerAt(strip: Strip, index: number, more: number, wide: number): Layer {
    let layer = strip.layers[index];
    if (!layer) {
      const before = strip.layers[index - 1];
      if (before) before.sealed = true;
      const x = before ? before.x + widthOf(strip, before.columns) + LAYER_GAP : 0;
      layer = strip.layers[index] = { x, columns: columnsFor(more, wide), sealed: false, count: 0, slots: new Slots() };
    }
    return layer;
  }

  private placeInLayer(strip: Strip, index: number, nodes: NewNode[], most: number): void {
    const layer = strip.layers[index] as Layer;
    const { columns } = layer;
    const rows = Math.ceil(nodes.length / columns);
    const append = layer.count > 0 ? strip.rows : Math.max(0, Math.floor((most - rows) / 2));
    const wanted = nodes.map((node, i) => ({ node, row: node.row ?? this.meanRow(strip, node) ?? append, i }));
    wanted.sort((a, b) => a.row - b.row || a.i - b.i);
    const centred = (row: number): number => (columns > 1 ? row - (rows - 1) / 2 + (wanted.length - 1) / 2 / columns : row);
    const starts = spread(wanted.map(({ row }) => Math.max(0, centred(row)) * columns));
    const low = Math.min(0, starts[0] ?? 0);
    wanted.forEach(({ node }, i) => this.put(strip, index, node, (starts[i] as number) - low));
  }

  private put(strip: Strip, index: number, node: NewNode, wanted: number): void {
    const layer = strip.layers[index] as Layer;
    const slot = layer.slots.take(wanted);
    const row = Math.floor(slot / layer.columns);
    layer.count += 1;
    strip.count += 1;
    strip.rows = Math.max(strip.rows, row + 1);
    const place: Place = {
      id: node.id,
      x: layer.x + (slot % layer.columns) * strip.column,
      y: strip.top + row * strip.pitch,
      w: strip.group ? GROUP_W : NODE_W,
      h: strip.group ? GROUP_H : NODE_H,
      left: layer.x,
      right: layer.x + widthOf(strip, layer.columns),
      layer: index,
      strip,
      slot,
    };
    this.places.set(node.id, place);
  }

  /** The mean row of the nearest parents (those of one layer) in the same strip; nothing for a node without. */
  private meanRow(strip: Strip, node: NewNode): number | undefined {
    let sum = 0;
    let count = 0;
    let nearest = -1;
    for (const parent of node.parents) {
      const place = this.places.get(parent);
      if (place?.strip !== strip || place.layer < nearest) continue;
      if (place.layer > nearest) [nearest, sum, count] = [place.layer, 0, 0];
      sum += (place.y - strip.top) / strip.pitch;
      count += 1;
    }
    return count ? sum / count : undefined;
  }
}

/** How many rows a strip of these layers will have. */
function rowsOf(layers: NewNode[][], strip: Strip | null): number {
  const wide = wideIn(layers, strip);
  return Math.max(0, ...layers.map((ids, i) => Math.ceil(ids.length / (strip?.layers[i]?.columns ?? columnsFor(ids.length, wide)))));
}

function pitchOf(group: boolean): number {
  return (group ? GROUP_H : NODE_H) + ROW_GAP;
}

function makeStrip(top: number, group: boolean, frame: string | null): Strip {
  return { top, pitch: pitchOf(group), column: (group ? GROUP_W : NODE_W) + COLUMN_GAP, group, frame, cells: new Set(), rows: 0, count: 0, layers: [] };
}

function widthOf(strip: Strip, columns: number): number {
  return columns * strip.column - COLUMN_GAP;
}

function bottomOf(strip: Strip): number {
  return strip.top + strip.rows * strip.pitch - ROW_GAP;
}
