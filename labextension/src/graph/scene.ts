// The picture to be painted: nodes with their places, the lines between them, both found by where they lie. Pure.
//
// Many edges of blocks have the same line (all of a row of a block to one child): such a line is kept once, with how
// many edges it stands for.
import type { Place } from '../layout/layered.ts';
import type { Box } from './camera.ts';
import type { GraphNode } from './nodes.ts';
import { Sheet } from './sheet.ts';

export interface Spot {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface PaintNode extends GraphNode, Spot {
  left: number; // of the block it stands in
  right: number;
  strip: object; // lines inside of one go from left to right, others from top to bottom
}

export interface Line {
  from: number; // where the last node of the row ends that it begins at; x0 is the block's side
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  down: boolean;
  weight: number; // edges it stands for
  users: number;
}

export class Scene {
  readonly nodes = new Map<string, PaintNode>();
  readonly placed = new Sheet<PaintNode>();
  readonly lines = new Sheet<Line>();
  private readonly lineAt = new Map<string, Line>();
  private readonly edges = new Map<string, Map<string, { line: Line; weight: number }>>(); // child -> parent
  private readonly children = new Map<string, Set<string>>(); // of drawn and of not drawn parents

  clear(): void {
    this.nodes.clear();
    this.placed.clear();
    this.lines.clear();
    this.lineAt.clear();
    this.edges.clear();
    this.children.clear();
  }

  put(node: GraphNode, place: Place): void {
    const old = this.nodes.get(node.id);
    const painted: PaintNode = { ...node, x: place.x, y: place.y, w: place.w, h: place.h, left: place.left, right: place.right, strip: place.strip };
    if (old && old.x === painted.x && old.y === painted.y && sameList(old.parents, painted.parents) && sameWeights(old.weights, painted.weights)) {
      Object.assign(old, painted);
      return;
    }
    if (old) this.take(node.id);
    this.nodes.set(node.id, painted);
    this.placed.put(painted, boxOf(painted));
    for (const parent of node.parents) {
      let children = this.children.get(parent);
      if (!children) this.children.set(parent, (children = new Set()));
      children.add(node.id);
      this.connect(parent, painted);
    }
    for (const child of this.children.get(node.id) ?? []) {
      const there = this.nodes.get(child);
      if (there) this.connect(node.id, there);
    }
  }

  remove(id: string): void {
    const node = this.nodes.get(id);
    if (!node) return;
    this.take(id);
    for (const parent of node.parents) {
      const children = this.children.get(parent);
      children?.delete(id);
      if (!children?.size) this.children.delete(parent);
    }
  }

  /** Drawn tasks that read what `id` makes. */
  childrenOf(id: string): string[] {
    return [...(this.children.get(id) ?? [])].filter((child) => this.nodes.has(child));
  }

  at(x: number, y: number): PaintNode | null {
    for (const node of this.placed.find({ x0: x, y0: y, x1: x, y1: y })) {
      if (x >= node.x && x <= node.x + node.w && y >= node.y && y <= node.y + node.h) return node;
    }
    return null;
  }

  get extent(): Box | null {
    let box: Box | null = null;
    for (const node of this.nodes.values()) box = around(box, node);
    return box;
  }

  private take(id: string): void {
    const node = this.nodes.get(id);
    if (!node) return;
    this.nodes.delete(id);
    this.placed.remove(node);
    for (const parent of [...(this.edges.get(id)?.keys() ?? [])]) this.disconnect(parent, id);
    this.edges.delete(id);
    for (const child of this.children.get(id) ?? []) this.disconnect(id, child);
  }

  private connect(parent: string, child: PaintNode): void {
    const from = this.nodes.get(parent);
    if (!from || from === child) return;
    this.disconnect(parent, child.id);
    const made = lineBetween(from, child);
    const key = keyOf(made);
    let line = this.lineAt.get(key);
    if (!line) {
      this.lineAt.set(key, (line = made));
      this.lines.put(line, { x0: Math.min(line.from, line.x1), y0: Math.min(line.y0, line.y1), x1: Math.max(line.x0, line.x1), y1: Math.max(line.y0, line.y1) });
    }
    line.from = Math.max(line.from, made.from);
    const weight = child.weights?.[parent] ?? 1;
    line.weight += weight;
    line.users += 1;
    let edges = this.edges.get(child.id);
    if (!edges) this.edges.set(child.id, (edges = new Map()));
    edges.set(parent, { line, weight });
  }

  private disconnect(parent: string, child: string): void {
    const edge = this.edges.get(child)?.get(parent);
    if (!edge) return;
    this.edges.get(child)?.delete(parent);
    edge.line.weight -= edge.weight;
    edge.line.users -= 1;
    if (edge.line.users) return;
    this.lineAt.delete(keyOf(edge.line));
    this.lines.remove(edge.line);
  }
}

function keyOf(line: Line): string {
  return `${line.x0} ${line.y0} ${line.x1} ${line.y1}`;
}

/** The line of an edge; of nodes in blocks it begins and ends at the block's side. */
export function lineBetween(from: PaintNode, to: PaintNode): Line {
  if (from.strip !== to.strip && to.y > from.y + from.h) {
    return { from: from.x + from.w / 2, x0: from.x + from.w / 2, y0: from.y + from.h, x1: to.x + to.w / 2, y1: to.y, down: true, weight: 0, users: 0 };
  }
  return { from: Math.min(from.x + from.w, from.right), x0: from.right, y0: from.y + from.h / 2, x1: to.left, y1: to.y + to.h / 2, down: false, weight: 0, users: 0 };
}

export function boxOf({ x, y, w, h }: Spot): Box {
  return { x0: x, y0: y, x1: x + w, y1: y + h };
}

export function around(box: Box | null, { x, y, w, h }: Spot): Box {
  if (!box) return { x0: x, y0: y, x1: x + w, y1: y + h };
  return { x0: Math.min(box.x0, x), y0: Math.min(box.y0, y), x1: Math.max(box.x1, x + w), y1: Math.max(box.y1, y + h) };
}

function sameList(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

function sameWeights(a: GraphNode['weights'], b: GraphNode['weights']): boolean {
  return a === b || Object.keys(b ?? {}).every((parent) => a?.[parent] === b?.[parent]);
}
