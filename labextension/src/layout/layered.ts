// Where tasks stand. Online: a node is placed once, when it comes, and never moves.
//
// The sheet is cut into strips from top to bottom, about one per notebook cell. In a strip a node's layer is the longest
// path to it, its row the mean of its nearest parents' rows or the free one nearest to that. A layer with many nodes
// is a block of several columns, wide enough to look well; how many is open until the next layer is drawn.
// Only the last strip takes in new nodes; what would make it too wide begins the next.
import { Slots, spread } from './slots.ts';

export const NODE_W = 116;
export const NODE_H = 28;
export const GROUP_H = 70;
export const COLUMN_GAP = 12;
const COLUMN = NODE_W + COLUMN_GAP;
const LAYER_GAP = 46;
const GROUP_GAP = 26;
const ROW_GAP = 10;
const STRIP_GAP = 34;
const OVERFLOW_ROWS = 12;
const WRAP = 1500; // a strip wider than this goes on below, like a line of text

export interface NewNode {
  id: string;
  parents: string[];
  cell: number;
  group: boolean;
}

export interface Place {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly h: number;
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
  readonly group: boolean;
  readonly cells: Set<number>;
  rows: number;
  count: number;
  layers: Layer[];
}

function columnsFor(count: number): number {
  return count <= 10 ? 1 : Math.max(2, Math.round(Math.sqrt(0.34 * count)));
}

export class Layered {
  readonly places = new Map<string, Place>();
  readonly strips: Strip[] = [];

  clear(): void {
    this.places.clear();
    this.strips.length = 0;
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
    if (place.strip === this.strips.at(-1) && place.strip.count === 0) this.strips.pop();
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

  private addOfCell(all: NewNode[]): void {
    for (let nodes = all; nodes.length; ) {
      const last = this.strips.at(-1);
      const strip = last && nodes === all && this.fits(last, nodes) ? last : this.newStrip(nodes);
      strip.cells.add((nodes[0] as NewNode).cell);
      const layers = this.layersIn(strip, nodes);
      const kept = layers.splice(0, this.layersWithin(strip, layers));
      this.addToStrip(strip, kept);
      nodes = layers.flat();
    }
  }

  /** How many of these layers the strip has room for. */
  private layersWithin(strip: Strip, layers: NewNode[][]): number {
    const gap = strip.group ? GROUP_GAP : LAYER_GAP;
    let x = 0;
    for (let i = 0; i < layers.length; i++) {
      const drawn = strip.layers[i];
      if (drawn) x = drawn.x;
      else if (x > WRAP) return i;
      x += (drawn?.columns ?? columnsFor(layers[i]?.length ?? 0)) * COLUMN - COLUMN_GAP + gap;
    }
    return layers.length;
  }

  private addToStrip(strip: Strip, layers: NewNode[][]): void {
    const most = Math.max(0, ...layers.map((ids, i) => Math.ceil(ids.length / this.layerAt(strip, i, ids.length).columns)));
    layers.forEach((ids, i) => {
      if (ids.length) this.placeInLayer(strip, i, ids, most);
    });
  }

  /** Whether `nodes` belong into this strip: same cell or child of it, and no drawn column grows out of shape. */
  private fits(strip: Strip, nodes: NewNode[]): boolean {
    const first = nodes[0] as NewNode;
    if (strip.group !== first.group) return false;
    const related = strip.cells.has(first.cell) || nodes.some((n) => n.parents.some((p) => this.places.get(p)?.strip === strip));
    if (!related) return false;
    return this.layersIn(strip, nodes).every((ids, i) => {
      const layer = strip.layers[i];
      if (!layer?.sealed) return true;
      const rows = (layer.count + ids.length) / layer.columns;
      return ids.length / layer.columns <= OVERFLOW_ROWS || rows <= strip.rows;
    });
  }

  private layersIn(strip: Strip, nodes: NewNode[]): NewNode[][] {
    const layers: NewNode[][] = [];
    const depth = new Map<string, number>();
    for (const node of nodes) {
      let layer = 0;
      for (const parent of node.parents) {
        const place = this.places.get(parent);
        const above = depth.get(parent) ?? (place?.strip === strip ? place.layer : -1);
        layer = Math.max(layer, above + 1);
      }
      depth.set(node.id, layer);
      (layers[layer] ??= []).push(node);
    }
    for (let i = 0; i < layers.length; i++) layers[i] ??= [];
    return layers;
  }

  private newStrip(nodes: NewNode[]): Strip {
    const group = (nodes[0] as NewNode).group;
    const pitch = (group ? GROUP_H : NODE_H) + ROW_GAP;
    const last = this.strips.at(-1);
    const top = last ? last.top + last.rows * last.pitch + STRIP_GAP : 0;
    const strip: Strip = { top, pitch, group, cells: new Set(), rows: 0, count: 0, layers: [] };
    this.strips.push(strip);
    return strip;
  }

  /** The layer, its columns as many as `more` further nodes want while that is still open. */
  private layerAt(strip: Strip, index: number, more: number): Layer {
    let layer = strip.layers[index];
    if (!layer) {
      const before = strip.layers[index - 1];
      if (before) before.sealed = true;
      const x = before ? before.x + before.columns * COLUMN - COLUMN_GAP + (strip.group ? GROUP_GAP : LAYER_GAP) : 0;
      layer = strip.layers[index] = { x, columns: columnsFor(more), sealed: false, count: 0, slots: new Slots() };
    }
    return layer;
  }

  private placeInLayer(strip: Strip, index: number, nodes: NewNode[], most: number): void {
    const layer = strip.layers[index] as Layer;
    const { columns } = layer;
    const rows = Math.ceil(nodes.length / columns);
    const append = layer.count > 0 ? strip.rows : Math.max(0, Math.floor((most - rows) / 2));
    const wanted = nodes.map((node, i) => ({ node, row: this.meanRow(strip, node) ?? append, i }));
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
      x: layer.x + (slot % layer.columns) * COLUMN,
      y: strip.top + row * strip.pitch,
      h: strip.group ? GROUP_H : NODE_H,
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
