// Rearranging on request: all nodes are placed anew, in an order with fewer crossings. Pure.
//
// The online layout decides strips, layers and columns; barycentre sweeps then order each layer by where the
// neighbours of its nodes stand, forth and back, and the order with the shortest edges over all sweeps is kept.
import { Layered, type NewNode, type Place } from './layered.ts';

const SWEEPS = 6;

/** A new layout of `nodes` (parents before children). */
export function tidy(nodes: NewNode[]): Layered {
  const plain = nodes.map((node) => ({ ...node, row: undefined }));
  const first = new Layered();
  first.add(plain);
  const rows = new Map<string, number>();
  const byStrip = new Map<object, Place[]>();
  for (const place of first.places.values()) {
    const there = byStrip.get(place.strip);
    if (there) there.push(place);
    else byStrip.set(place.strip, [place]);
  }
  const parents = new Map(nodes.map((node) => [node.id, node.parents]));
  for (const places of byStrip.values()) orderStrip(places, parents, rows);
  const second = new Layered();
  second.add(nodes.map((node) => ({ ...node, row: rows.get(node.id) })));
  return edgeLength(second, nodes) <= edgeLength(first, nodes) ? second : first;
}

/** How far apart (in rows) those stand that an edge joins. */
export function edgeLength(layout: Layered, nodes: NewNode[]): number {
  let sum = 0;
  for (const node of nodes) {
    const to = layout.places.get(node.id);
    for (const parent of node.parents) {
      const from = layout.places.get(parent);
      if (to && from?.strip === to.strip) sum += Math.abs(from.y - to.y) / to.strip.pitch;
    }
  }
  return sum;
}

interface Vertex {
  id: string;
  row: number;
  before: Vertex[];
  after: Vertex[];
}

function orderStrip(places: Place[], parents: ReadonlyMap<string, string[]>, rows: Map<string, number>): void {
  const vertices = new Map<string, Vertex>();
  const layers: { columns: number; nodes: Vertex[] }[] = [];
  for (const place of [...places].sort((a, b) => a.layer - b.layer || a.slot - b.slot)) {
    const columns = Math.max(1, Math.round((place.right - place.left) / place.strip.column));
    const vertex: Vertex = { id: place.id, row: Math.floor(place.slot / columns), before: [], after: [] };
    vertices.set(place.id, vertex);
    (layers[place.layer] ??= { columns, nodes: [] }).nodes.push(vertex);
    for (const parent of parents.get(place.id) ?? []) {
      const above = vertices.get(parent);
      if (!above) continue;
      vertex.before.push(above);
      above.after.push(vertex);
    }
  }
  const full = layers.filter(Boolean);
  let best = costOf(full);
  for (const layer of full) for (const vertex of layer.nodes) rows.set(vertex.id, vertex.row);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    for (const layer of forth ? full : [...full].reverse()) sort(layer, forth);
    const cost = costOf(full);
    if (cost >= best) continue;
    best = cost;
    for (const layer of full) for (const vertex of layer.nodes) rows.set(vertex.id, vertex.row);
  }
}

/** Order a layer by the mean row of its neighbours on one side; where that is the same, as they stood. */
function sort(layer: { columns: number; nodes: Vertex[] }, forth: boolean): void {
  const wanted = layer.nodes.map((vertex, i) => {
    const next = forth ? vertex.before : vertex.after;
    const mean = next.length ? next.reduce((sum, other) => sum + other.row, 0) / next.length : vertex.row;
    return { vertex, mean, i };
  });
  wanted.sort((a, b) => a.mean - b.mean || a.i - b.i);
  layer.nodes = wanted.map(({ vertex }) => vertex);
  const middle = wanted.reduce((sum, { mean }) => sum + mean, 0) / Math.max(1, wanted.length);
  const first = Math.max(0, middle - (wanted.length / layer.columns - 1) / 2);
  layer.nodes.forEach((vertex, i) => (vertex.row = first + Math.floor(i / layer.columns)));
}

function costOf(layers: { nodes: Vertex[] }[]): number {
  let cost = 0;
  for (const layer of layers) for (const vertex of layer.nodes) for (const other of vertex.before) cost += Math.abs(vertex.row - other.row);
  return cost;
}
