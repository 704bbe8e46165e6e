// How the edges are painted: all lines of one width in one path, fewer and paler the more there are.
import type { Palette } from '../page/theme.ts';
import type { Box } from './camera.ts';
import { type Line, lineBetween, type PaintNode, type Scene } from './scene.ts';

type Canvas = CanvasRenderingContext2D;

const MOST = 3000;
const WIDTHS = [1.3, 1.8, 2.5, 3.3];
export const ARROW = 6.5;
const LONG = 190;

export function paintLines(c: Canvas, scene: Scene, seen: Box, k: number, palette: Palette): void {
  if (k < 0.06) return;
  const found = [...scene.lines.find(seen)];
  const step = Math.max(1, Math.ceil(found.length / MOST));
  const paths = new Map(WIDTHS.map((width) => [width, new Path2D()]));
  const passing = new Path2D(); // past other layers, behind their nodes: pale
  const heads = new Path2D();
  const arrows = k >= 0.42 && found.length <= 900;
  for (let i = 0; i < found.length; i += step) {
    const line = found[i] as Line;
    const long = line.down || line.x1 - line.x0 > LONG;
    trace(long && line.weight < 10 ? passing : (paths.get(widthOf(line)) as Path2D), line, arrows ? ARROW - 1 : 0);
    if (arrows) head(heads, line, ARROW);
  }
  c.strokeStyle = palette.edge;
  c.fillStyle = palette.edge;
  c.globalAlpha = found.length > 1500 ? 0.3 : found.length > 500 ? 0.5 : found.length > 150 ? 0.75 : 1;
  for (const [width, path] of paths) {
    c.lineWidth = Math.max(width, 0.6 / k);
    c.stroke(path);
  }
  if (arrows) c.fill(heads);
  c.globalAlpha *= found.length > 60 ? 0.45 : 0.8;
  c.lineWidth = Math.max(1.2, 0.6 / k);
  c.stroke(passing);
  c.globalAlpha = 1;
}

/** How wide a line is: the more edges it stands for, the wider. */
export function widthOf({ weight }: Line): number {
  return WIDTHS[Math.min(WIDTHS.length - 1, Math.floor(Math.log10(Math.max(1, weight))))] as number;
}

/** The edges of one node, strong, from node to node. */
export function paintLinesOf(c: Canvas, scene: Scene, node: PaintNode, k: number, palette: Palette): void {
  const parents = node.parents.flatMap((id) => scene.nodes.get(id) ?? []).map((parent) => [parent, node] as const);
  const children = scene.childrenOf(node.id).flatMap((id) => scene.nodes.get(id) ?? []).map((child) => [node, child] as const);
  const path = new Path2D();
  const heads = new Path2D();
  for (const [from, to] of [...parents, ...children].slice(0, MOST / 4)) {
    const line = lineBetween({ ...from, right: from.x + from.w }, { ...to, left: to.x });
    trace(path, line, ARROW);
    head(heads, line, ARROW + 2);
  }
  c.lineWidth = Math.max(2, 1.4 / k);
  c.strokeStyle = c.fillStyle = palette.focus;
  c.stroke(path);
  c.fill(heads);
}

/** The line as it is drawn, `short` of its end, as control points: begin, two handles, end. */
export function bends({ x0, y0, x1, y1, down }: Line, short: number): [number, number, number, number, number, number, number, number] {
  if (down) {
    const dy = Math.max(16, (y1 - y0) / 2);
    return [x0, y0, x0, y0 + dy, x1, y1 - short - dy, x1, y1 - short];
  }
  const dx = x1 > x0 ? Math.max(14, (x1 - x0) * 0.45) : 60;
  return [x0, y0, x0 + dx, y0, x1 - short - dx, y1, x1 - short, y1];
}

function trace(path: Path2D, line: Line, short: number): void {
  const [x0, y0, ax, ay, bx, by, x1, y1] = bends(line, short);
  path.moveTo(line.from, y0);
  if (line.from !== x0) path.lineTo(x0, y0);
  if (y0 === y1 && x1 > x0) path.lineTo(x1, y1);
  else path.bezierCurveTo(ax, ay, bx, by, x1, y1);
}

function head(path: Path2D, { x1, y1, down }: Line, size: number): void {
  const half = size * 0.48;
  path.moveTo(x1, y1);
  if (down) {
    path.lineTo(x1 - half, y1 - size);
    path.lineTo(x1 + half, y1 - size);
  } else {
    path.lineTo(x1 - size, y1 - half);
    path.lineTo(x1 - size, y1 + half);
  }
  path.closePath();
}
