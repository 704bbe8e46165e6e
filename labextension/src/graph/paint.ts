// How a picture of the graph is painted on a Canvas2D: pure in what it gets, more detail the nearer one is.
import type { Counts, TaskState } from '../feed/reducer.ts';
import { BAR_ORDER, HATCHED, leading, SIGN, total } from '../states.ts';
import type { Palette } from '../theme.ts';
import type { Box } from './camera.ts';
import type { Match } from './filter.ts';

export interface PaintNode {
  id: string;
  x: number;
  y: number;
  w: number;
  h: number;
  label: string;
  suffix: string; // "#17": never cut
  state: TaskState;
  counts: Counts | null; // of a group
  progress?: number | undefined; // 0 to 1, of a task that says so
  parents: string[];
}

export interface Scene {
  nodes: Map<string, PaintNode>;
  chosen: string | null;
  hovered: string | null;
  keyboard: boolean; // draw a focus ring
  phase: number; // of what moves, in seconds; 0 for stillness
  match: Match | null; // what does not match is dimmed
}

export interface View {
  k: number;
  seen: Box;
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const EDGES_AT_MOST = 6000;
const NEAR = 0.62; // cards with words
const MIDDLE = 0.3; // tiles with signs and, while they fit, words
const SMALLEST_PX = 9;
const DIMMED = 0.15;
const signPaths = new Map<TaskState, Path2D>();

function signPath(state: TaskState): Path2D {
  let path = signPaths.get(state);
  if (!path) signPaths.set(state, (path = new Path2D(SIGN[state].d)));
  return path;
}

export function paint(c: CanvasRenderingContext2D, scene: Scene, view: View, palette: Palette): void {
  const { seen, k } = view;
  const visible: PaintNode[] = [];
  for (const node of scene.nodes.values()) {
    if (node.x < seen.x1 && node.x + node.w > seen.x0 && node.y < seen.y1 && node.y + node.h > seen.y0) visible.push(node);
  }
  c.save();
  c.scale(k, k);
  c.translate(-seen.x0, -seen.y0);
  paintEdges(c, scene, view, palette);
  for (const node of visible) {
    c.globalAlpha = scene.match && !scene.match(node.id) ? DIMMED : 1;
    if (node.counts) paintGroup(c, node, view, palette);
    else if (k >= NEAR) paintCard(c, node, scene, palette);
    else paintTile(c, node, k, palette);
  }
  for (const id of [scene.hovered, scene.chosen]) {
    const node = id === null ? undefined : scene.nodes.get(id);
    if (node) paintRing(c, node, k, palette, id === scene.chosen, scene.keyboard);
  }
  c.restore();
}

function paintEdges(c: CanvasRenderingContext2D, scene: Scene, { k, seen }: View, palette: Palette): void {
  const marked = scene.chosen ?? scene.hovered;
  const plain = new Path2D();
  const bold = new Path2D();
  let count = 0;
  if (k * 28 < 2) return;
  for (const node of scene.nodes.values()) {
    for (const parent of node.parents) {
      const from = scene.nodes.get(parent);
      if (!from) continue;
      const y0 = from.y + from.h / 2;
      const y1 = node.y + node.h / 2;
      if (from.x > seen.x1 || node.x + node.w < seen.x0 || Math.max(y0, y1) < seen.y0 || Math.min(y0, y1) > seen.y1) continue;
      const isBold = node.id === marked || parent === marked;
      if (!isBold && ++count > EDGES_AT_MOST) continue;
      curve(isBold ? bold : plain, from.x + from.w, y0, node.x, y1);
    }
  }
  c.lineWidth = Math.min(2.5, Math.max(1.2, 0.7 / k));
  c.strokeStyle = palette.edge;
  c.globalAlpha = count > 1500 ? 0.35 : count > 300 ? 0.55 : 0.9;
  c.stroke(plain);
  c.globalAlpha = 1;
  c.lineWidth *= 1.8;
  c.strokeStyle = palette.focus;
  c.stroke(bold);
}

function curve(path: Path2D, x0: number, y0: number, x1: number, y1: number): void {
  const dx = x1 > x0 ? Math.max(18, (x1 - x0) / 2) : 60;
  path.moveTo(x0, y0);
  path.bezierCurveTo(x0 + dx, y0, x1 - dx, y1, x1, y1);
}

function rounded(c: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, r: number): void {
  c.beginPath();
  c.roundRect(x, y, w, h, r);
}

function hatch(c: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, colour: string): void {
  c.save();
  c.beginPath();
  c.rect(x, y, w, h);
  c.clip();
  c.beginPath();
  for (let at = x - h; at < x + w; at += 6) {
    c.moveTo(at, y + h);
    c.lineTo(at + h, y);
  }
  c.lineWidth = 1.6;
  c.strokeStyle = colour;
  c.globalAlpha *= 0.4;
  c.stroke();
  c.restore();
}

function sign(c: CanvasRenderingContext2D, state: TaskState, x: number, y: number, size: number, colour: string): void {
  c.save();
  c.translate(x, y);
  c.scale(size / 16, size / 16);
  c.lineWidth = 1.9;
  c.lineCap = 'round';
  c.lineJoin = 'round';
  if (SIGN[state].filled) {
    c.fillStyle = colour;
    c.fill(signPath(state));
  } else {
    c.strokeStyle = colour;
    c.stroke(signPath(state));
  }
  c.restore();
}

/** Near: a card with the sign on a tile and the task's name. */
function paintCard(c: CanvasRenderingContext2D, node: PaintNode, scene: Scene, palette: Palette): void {
  const { x, y, w, h, state } = node;
  const colour = palette.state[state];
  const hollow = state === 'waiting' || state === 'ready';
  rounded(c, x, y, w, h, 6);
  c.fillStyle = palette.card;
  c.fill();
  c.save();
  c.clip();
  if (!hollow) {
    c.globalAlpha = state === 'running' ? 0.22 : state === 'failed' ? 0.16 : 0.09;
    c.fillStyle = colour;
    c.fillRect(x, y, w, h);
    if (state === 'running' && node.progress !== undefined) {
      c.globalAlpha = 0.3;
      c.fillRect(x + 26, y, (w - 26) * node.progress, h);
    } else if (state === 'running' && scene.phase) {
      const at = x + 26 + ((scene.phase * 0.55) % 1) * (w + 30) - 30;
      const shine = c.createLinearGradient(at, 0, at + 60, 0);
      shine.addColorStop(0, 'transparent');
      shine.addColorStop(0.5, colour);
      shine.addColorStop(1, 'transparent');
      c.fillStyle = shine;
      c.globalAlpha = 0.28;
      c.fillRect(x + 26, y, w - 26, h);
    }
    c.globalAlpha = 1;
    c.fillStyle = colour;
    c.fillRect(x, y, 26, h);
    if (HATCHED.has(state)) hatch(c, x + 26, y, w - 26, h, colour);
  }
  c.restore();
  sign(c, state, x + 5.5, y + h / 2 - 7.5, 15, hollow ? colour : palette.onState);
  rounded(c, x, y, w, h, 6);
  c.setLineDash(state === 'waiting' ? [4, 3] : []);
  c.lineWidth = state === 'running' || state === 'failed' ? 2 : 1.2;
  c.strokeStyle = colour;
  c.stroke();
  c.setLineDash([]);
  words(c, node, x + 31, y + h / 2 + 0.5, w - 36, palette);
}

function words(c: CanvasRenderingContext2D, node: PaintNode, x: number, y: number, room: number, palette: Palette): void {
  c.textBaseline = 'middle';
  c.font = `500 11.5px ${FONT}`;
  const suffix = node.suffix ? ` ${node.suffix}` : '';
  const tail = c.measureText(suffix).width;
  const name = cut(c, node.label, room - tail);
  c.fillStyle = palette.text;
  c.fillText(name, x, y);
  if (suffix) {
    const at = x + c.measureText(name).width;
    c.fillStyle = palette.muted;
    c.fillText(suffix, at, y);
  }
}

function cut(c: CanvasRenderingContext2D, text: string, room: number): string {
  if (c.measureText(text).width <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (c.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}

/** Farther: a tile in the state's colour, with its sign while that can be seen. */
function paintTile(c: CanvasRenderingContext2D, node: PaintNode, k: number, palette: Palette): void {
  const { x, y, w, h, state } = node;
  const colour = palette.state[state];
  const hollow = state === 'waiting' || state === 'ready';
  const line = Math.min(5, 1.2 / k);
  c.beginPath();
  if (k >= MIDDLE) c.roundRect(x, y, w, h, 6);
  else c.rect(x, y, w, h);
  c.fillStyle = hollow ? palette.card : colour;
  c.fill();
  if (hollow) {
    c.lineWidth = line;
    c.strokeStyle = colour;
    c.setLineDash(state === 'waiting' ? [4 * line, 3 * line] : []);
    c.stroke();
    c.setLineDash([]);
  }
  if (k < MIDDLE) return;
  if (HATCHED.has(state)) hatch(c, x, y, w, h, palette.onState);
  const ink = hollow ? colour : palette.onState;
  const font = SMALLEST_PX / k;
  if (font > h - 4) return sign(c, state, x + w / 2 - 12, y + h / 2 - 12, 24, ink);
  sign(c, state, x + 3, y + h / 2 - 11, 22, ink);
  c.font = `500 ${font}px ${FONT}`;
  c.textBaseline = 'middle';
  c.fillStyle = hollow ? palette.text : ink;
  const whole = c.measureText(node.label).width <= w - 32;
  c.fillText(cut(c, whole ? node.label : node.suffix, w - 32), x + 28, y + h / 2 + 1);
}

/** A box that stands for many tasks: name, how many, a bar of their states. */
function paintGroup(c: CanvasRenderingContext2D, node: PaintNode, { k }: View, palette: Palette): void {
  const { x, y, w, h } = node;
  const counts = node.counts ?? {};
  const all = total(counts);
  const lead = leading(counts);
  for (const shift of [6, 3]) {
    rounded(c, x + shift, y - shift, w - shift, h, 6);
    c.fillStyle = palette.card;
    c.fill();
    c.lineWidth = 1;
    c.strokeStyle = palette.border;
    c.stroke();
  }
  rounded(c, x, y, w, h, 6);
  c.fillStyle = palette.card;
  c.fill();
  c.lineWidth = lead === 'running' || lead === 'failed' ? 2 : 1.2;
  c.strokeStyle = palette.state[lead];
  c.stroke();
  const font = Math.max(12, SMALLEST_PX / k);
  const small = font > 12;
  const barY = font < 34 ? y + font + 16 : y + 8;
  const barH = small ? y + h - 8 - barY : 12;
  stackedBar(c, counts, x + 8, barY, w - 16, barH, palette);
  if (font >= 34) return;
  if (small) {
    c.font = `500 ${font}px ${FONT}`;
    c.textBaseline = 'middle';
    c.fillStyle = palette.text;
    c.fillText(cut(c, node.label, w - 12), x + 6, y + 8 + font / 2);
    return;
  }
  words(c, node, x + 8, y + 15, w - 16, palette);
  c.font = `400 11px ${FONT}`;
  c.fillStyle = palette.muted;
  const done = counts.done ?? 0;
  const failed = counts.failed ?? 0;
  const text = failed ? `${done.toLocaleString('en')} done · ${failed.toLocaleString('en')} failed` : `${done.toLocaleString('en')} of ${all.toLocaleString('en')} done`;
  c.fillText(cut(c, text, w - 14), x + 8, y + 56);
}

function stackedBar(c: CanvasRenderingContext2D, counts: Counts, x: number, y: number, w: number, h: number, palette: Palette): void {
  const all = Math.max(1, total(counts));
  c.save();
  rounded(c, x, y, w, h, 3);
  c.clip();
  c.fillStyle = palette.border;
  c.fillRect(x, y, w, h);
  let at = x;
  for (const state of BAR_ORDER) {
    const part = (w * (counts[state] ?? 0)) / all;
    if (!part) continue;
    const shown = Math.max(2, part);
    c.globalAlpha = state === 'waiting' || state === 'ready' ? 0.35 : 1;
    c.fillStyle = palette.state[state];
    c.fillRect(at, y, shown, h);
    if (HATCHED.has(state)) hatch(c, at, y, shown, h, palette.card);
    at += part;
  }
  c.restore();
}

function paintRing(c: CanvasRenderingContext2D, node: PaintNode, k: number, palette: Palette, chosen: boolean, keyboard: boolean): void {
  const gap = 3 / Math.max(0.35, k);
  rounded(c, node.x - gap, node.y - gap, node.w + 2 * gap, node.h + 2 * gap, 8);
  c.lineWidth = (chosen ? (keyboard ? 3 : 2.2) : 1.4) / Math.max(0.35, k);
  c.strokeStyle = palette.focus;
  c.stroke();
}
