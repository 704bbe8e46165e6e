// How the graph is painted on a Canvas2D: pure in what it gets, more detail the nearer one is. What stands still
// (paintStill) and what moves or is looked at (paintLively) apart: the first is kept as a picture while one pans.
import type { Counts, TaskState } from '../feed/reducer.ts';
import { cut, FONT, hatch, rounded, sign, widthOf } from '../page/shapes.ts';
import type { Palette } from '../page/theme.ts';
import type { Match } from '../words/filter.ts';
import { count } from '../words/format.ts';
import { BAR_ORDER, HATCHED, HOLLOW, leading, total } from '../words/states.ts';
import type { Box } from './camera.ts';
import { paintLines, paintLinesOf } from './lines.ts';
import type { PaintNode, Scene } from './scene.ts';

type Canvas = CanvasRenderingContext2D;

export interface View {
  k: number;
  seen: Box;
}

export interface Frame {
  box: Box; // of what is in it
  of: string; // the box that is open
}

export interface Still {
  frames: Frame[];
  labels: { x: number; y: number; text: string }[];
  match: Match | null; // what does not match is dimmed
  moves: Map<string, [number, number]> | null; // where nodes still are, from where they shall be
}

export interface Lively {
  chosen: string | null;
  hovered: string | null;
  keyboard: boolean; // draw a focus ring
  phase: number; // of what moves, in seconds; 0 for stillness
  match: Match | null;
}

const NEAR = 0.62; // cards with words
const MIDDLE = 0.26; // tiles with signs and, while they fit, words
const SMALLEST_PX = 9;
const DIMMED = 0.16;
const CHEVRON = 20;

export function paintStill(c: Canvas, scene: Scene, still: Still, { k, seen }: View, palette: Palette): void {
  c.save();
  c.scale(k, k);
  c.translate(-seen.x0, -seen.y0);
  for (const frame of still.frames) paintFrame(c, frame, scene, k, palette);
  if (!still.moves) paintLines(c, scene, seen, k, palette);
  paintLabels(c, still, k, palette);
  const nodes = still.moves ? scene.nodes.values() : scene.placed.find(seen);
  const far = new Map<string, PaintNode[]>();
  for (const node of nodes) {
    const move = still.moves?.get(node.id);
    const shown = move ? { ...node, x: node.x + move[0], y: node.y + move[1] } : node;
    if (shown.x > seen.x1 || shown.x + shown.w < seen.x0 || shown.y > seen.y1 || shown.y + shown.h < seen.y0) continue;
    const dim = still.match !== null && !still.match(node.id);
    if (!node.counts && k < MIDDLE) {
      const key = `${dim ? '-' : '+'}${node.state}`;
      const same = far.get(key);
      if (same) same.push(shown);
      else far.set(key, [shown]);
      continue;
    }
    c.globalAlpha = dim ? DIMMED : 1;
    paintNode(c, shown, k, palette, 0);
  }
  for (const [key, same] of far) paintFar(c, same, key.slice(1) as TaskState, key.startsWith('-'), palette);
  c.globalAlpha = 1;
  c.restore();
}

export function paintLively(c: Canvas, scene: Scene, lively: Lively, { k, seen }: View, running: Iterable<PaintNode>, palette: Palette): void {
  c.save();
  c.scale(k, k);
  c.translate(-seen.x0, -seen.y0);
  if (lively.phase) {
    for (const node of running) {
      if (node.x > seen.x1 || node.x + node.w < seen.x0 || node.y > seen.y1 || node.y + node.h < seen.y0) continue;
      if (lively.match && !lively.match(node.id)) continue;
      if (node.counts) paintPulse(c, node, lively.phase, palette);
      else if (k >= NEAR) paintNode(c, node, k, palette, lively.phase);
      else paintBreath(c, node, lively.phase, palette);
    }
  }
  const marked = scene.nodes.get(lively.chosen ?? lively.hovered ?? '');
  if (marked) paintLinesOf(c, scene, marked, k, palette);
  for (const id of [lively.hovered, lively.chosen]) {
    const node = id === null ? undefined : scene.nodes.get(id);
    if (node) paintRing(c, node, k, palette, id === lively.chosen, lively.keyboard);
  }
  c.restore();
}

/** Where a click opens a box. */
export function isChevron(node: PaintNode, x: number, y: number): boolean {
  return node.counts !== null && x > node.x + node.w - CHEVRON - 6 && y < node.y + 28;
}

function paintNode(c: Canvas, node: PaintNode, k: number, palette: Palette, phase: number): void {
  if (node.counts) paintGroup(c, node, k, palette);
  else if (k >= NEAR) paintCard(c, node, palette, phase);
  else paintTile(c, node, k, palette);
}

function paintFrame(c: Canvas, { box, of }: Frame, scene: Scene, k: number, palette: Palette): void {
  const from = scene.nodes.get(of);
  c.lineWidth = Math.max(1.2, 0.8 / k);
  c.strokeStyle = palette.focus;
  if (from) {
    c.globalAlpha = 0.55;
    c.setLineDash([6, 5]);
    const x = from.x + from.w / 2;
    c.beginPath();
    c.moveTo(x, from.y + from.h);
    const to = Math.min(Math.max(x, box.x0 + 20), box.x1 - 20);
    c.bezierCurveTo(x, (from.y + from.h + box.y0) / 2, to, (from.y + from.h + box.y0) / 2, to, box.y0);
    c.stroke();
    c.setLineDash([]);
  }
  rounded(c, box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0, 10);
  c.globalAlpha = 0.045;
  c.fillStyle = palette.focus;
  c.fill();
  c.globalAlpha = 0.5;
  c.stroke();
  c.globalAlpha = 1;
}

function paintLabels(c: Canvas, still: Still, k: number, palette: Palette): void {
  if (k < 0.25) return;
  c.font = `500 ${Math.max(11, 8.5 / k)}px ${FONT}`;
  c.textBaseline = 'alphabetic';
  c.fillStyle = palette.muted;
  for (const { x, y, text } of still.labels) c.fillText(text, x, y);
}

/** Near: a card with the sign on a tile and the task's name. */
function paintCard(c: Canvas, node: PaintNode, palette: Palette, phase: number): void {
  const { x, y, w, h, state } = node;
  const colour = palette.state[state];
  const hollow = HOLLOW.has(state);
  const alpha = c.globalAlpha;
  rounded(c, x, y, w, h, 6);
  c.fillStyle = palette.card;
  c.fill();
  if (!hollow) {
    c.save();
    c.clip();
    c.globalAlpha = alpha * (state === 'running' ? 0.2 : state === 'failed' ? 0.16 : 0.1);
    c.fillStyle = colour;
    c.fillRect(x, y, w, h);
    if (state === 'running') paintRunning(c, node, colour, alpha, phase);
    c.globalAlpha = alpha;
    c.fillStyle = colour;
    c.fillRect(x, y, 26, h);
    if (HATCHED.has(state)) hatch(c, x + 26, y, w - 26, h, colour, 0.28);
    c.restore();
  }
  sign(c, state, x + 5.5, y + h / 2 - 7.5, 15, hollow ? colour : palette.onState);
  rounded(c, x, y, w, h, 6);
  c.setLineDash(state === 'waiting' ? [4, 3] : []);
  c.lineWidth = state === 'running' || state === 'failed' ? 2 : 1.2;
  c.strokeStyle = colour;
  c.stroke();
  c.setLineDash([]);
  words(c, node, hollow ? x + 25 : x + 32, y + h / 2 + 0.5, hollow ? w - 31 : w - 38, palette);
}

/** How far it says it is; else, where motion is welcome, that it lives. */
function paintRunning(c: Canvas, { x, y, w, h, progress }: PaintNode, colour: string, alpha: number, phase: number): void {
  if (progress !== undefined) {
    c.globalAlpha = alpha * 0.22;
    c.fillRect(x + 26, y, (w - 26) * progress, h);
    c.globalAlpha = alpha;
    c.fillRect(x + 26, y + h - 4, (w - 26) * progress, 4);
  }
  if (!phase) return;
  const at = x + 26 + ((phase * 0.55) % 1) * (w + 40) - 50;
  const shine = c.createLinearGradient(at, 0, at + 60, 0);
  shine.addColorStop(0, 'transparent');
  shine.addColorStop(0.5, colour);
  shine.addColorStop(1, 'transparent');
  c.fillStyle = shine;
  c.globalAlpha = alpha * 0.3;
  c.fillRect(x + 26, y, w - 26, h);
  c.fillStyle = colour;
}

function words(c: Canvas, node: PaintNode, x: number, y: number, room: number, palette: Palette): void {
  c.textBaseline = 'middle';
  c.font = `500 11.5px ${FONT}`;
  const tail = widthOf(c, ` ${node.suffix}`);
  const kept = tail <= room / 2; // a number that long would leave nothing of the name
  const name = cut(c, node.label, kept ? room - tail : room);
  c.fillStyle = palette.text;
  c.fillText(name, x, y);
  if (!kept) return;
  const at = x + widthOf(c, name);
  c.fillStyle = palette.muted;
  c.fillText(` ${node.suffix}`, at, y);
}

/** Farther: a tile in the state's colour, with its sign and, while it fits, its name. */
function paintTile(c: Canvas, node: PaintNode, k: number, palette: Palette): void {
  const { x, y, w, h, state } = node;
  const colour = palette.state[state];
  const hollow = HOLLOW.has(state);
  const line = Math.min(5, 1.2 / k);
  rounded(c, x, y, w, h, 6);
  c.fillStyle = hollow ? palette.card : colour;
  c.fill();
  if (hollow) {
    c.lineWidth = line;
    c.strokeStyle = colour;
    c.setLineDash(state === 'waiting' ? [4 * line, 3 * line] : []);
    c.stroke();
    c.setLineDash([]);
  }
  if (HATCHED.has(state)) hatch(c, x, y, w, h, palette.onState);
  const ink = hollow ? colour : palette.onState;
  const font = SMALLEST_PX / k;
  if (font > h - 2) return sign(c, state, x + w / 2 - 12, y + h / 2 - 12, 24, ink);
  sign(c, state, x + 3, y + h / 2 - 11, 22, ink);
  c.font = `500 ${font.toFixed(1)}px ${FONT}`;
  c.textBaseline = 'middle';
  c.fillStyle = hollow ? palette.text : ink;
  const short = [node.label, node.suffix].find((text) => widthOf(c, text) <= w - 34);
  c.fillText(short ?? cut(c, node.label, w - 34), x + 28, y + h / 2 + 1);
}

/** Farthest: all of one state in one go. */
function paintFar(c: Canvas, nodes: PaintNode[], state: TaskState, dim: boolean, palette: Palette): void {
  c.globalAlpha = dim ? DIMMED : 1;
  c.fillStyle = palette.card; // no line shines through what is pale
  if (HOLLOW.has(state)) for (const { x, y, w, h } of nodes) c.fillRect(x, y, w, h);
  c.fillStyle = palette.state[state];
  c.globalAlpha *= HOLLOW.has(state) ? 0.4 : 1;
  for (const { x, y, w, h } of nodes) c.fillRect(x, y, w, h);
  if (!HATCHED.has(state) && state !== 'failed') return;
  c.fillStyle = palette.card; // a notch: the colour alone does not tell
  for (const { x, y, w, h } of nodes) c.fillRect(x + w * 0.42, y, w * 0.16, h);
}

/** A box that stands for many tasks: name, how many, a bar of their states. */
function paintGroup(c: Canvas, node: PaintNode, k: number, palette: Palette): void {
  const { x, y, w, h } = node;
  const counts = node.counts ?? {};
  const all = total(counts);
  const lead = leading(counts);
  for (const shift of [6, 3]) {
    rounded(c, x + shift, y - shift, w - shift, h, 7);
    c.fillStyle = palette.card;
    c.fill();
    c.lineWidth = 1;
    c.strokeStyle = palette.border;
    c.stroke();
  }
  rounded(c, x, y, w, h, 7);
  c.fillStyle = palette.card;
  c.fill();
  c.lineWidth = lead === 'running' || lead === 'failed' ? 2 : 1.2;
  c.strokeStyle = palette.state[lead];
  c.stroke();
  const small = k < 0.66;
  const font = small ? SMALLEST_PX / k : 12;
  const barY = font < 34 ? y + font + 18 : y + 8;
  stackedBar(c, counts, x + 9, barY, w - 18, small ? y + h - 8 - barY : 12, palette);
  if (font >= 34) return;
  if (small) {
    c.font = `600 ${font.toFixed(1)}px ${FONT}`;
    c.textBaseline = 'middle';
    c.fillStyle = palette.text;
    const tail = font < 24 ? ` ${node.suffix}` : '';
    const label = cut(c, node.label, w - 14 - widthOf(c, tail));
    c.fillText(label, x + 7, y + 9 + font / 2);
    const used = widthOf(c, label);
    c.font = `400 ${font.toFixed(1)}px ${FONT}`;
    c.fillStyle = palette.muted;
    c.fillText(tail, x + 7 + used, y + 9 + font / 2);
    return;
  }
  words(c, node, x + 9, y + 16, w - 20 - CHEVRON, palette);
  paintChevron(c, x + w - CHEVRON + 3, y + 16, node.open, palette);
  c.font = `400 11px ${FONT}`;
  c.fillStyle = palette.muted;
  const failed = counts.failed ? `${count(counts.failed)} failed` : '';
  const room = w - 18 - (failed ? widthOf(c, failed) + 20 : 0);
  const done = count(counts.done ?? 0);
  const whole = `${done} of ${count(all)} done`;
  c.fillText(cut(c, widthOf(c, whole) <= room ? whole : `${done} done`, room), x + 9, y + 57);
  if (!failed) return;
  c.fillStyle = palette.state.failed;
  c.fillText(failed, x + w - 9 - widthOf(c, failed), y + 57);
  sign(c, 'failed', x + w - 24 - widthOf(c, failed), y + 50, 13, palette.state.failed);
}

function paintChevron(c: Canvas, x: number, y: number, open: boolean, palette: Palette): void {
  c.beginPath();
  if (open) {
    c.moveTo(x, y - 2.5);
    c.lineTo(x + 4.5, y + 2.5);
    c.lineTo(x + 9, y - 2.5);
  } else {
    c.moveTo(x + 2, y - 4.5);
    c.lineTo(x + 7, y);
    c.lineTo(x + 2, y + 4.5);
  }
  c.lineWidth = 1.8;
  c.strokeStyle = palette.muted;
  c.stroke();
}

function stackedBar(c: Canvas, counts: Counts, x: number, y: number, w: number, h: number, palette: Palette): void {
  const all = Math.max(1, total(counts));
  const alpha = c.globalAlpha;
  c.save();
  rounded(c, x, y, w, h, 4);
  c.clip();
  c.fillStyle = palette.border;
  c.fillRect(x, y, w, h);
  let at = x;
  for (const state of BAR_ORDER) {
    const part = (w * (counts[state] ?? 0)) / all;
    if (!part) continue;
    const shown = Math.max(2.5, part);
    c.globalAlpha = alpha * (HOLLOW.has(state) ? 0.35 : 1);
    c.fillStyle = palette.state[state];
    c.fillRect(at, y, shown, h);
    if (HATCHED.has(state)) hatch(c, at, y, shown, h, palette.card);
    at += part;
  }
  c.restore();
}

/** Some of a box run: a dot that beats at its corner. */
function paintPulse(c: Canvas, { x, y }: PaintNode, phase: number, palette: Palette): void {
  const beat = (phase * 0.8) % 1;
  c.fillStyle = palette.state.running;
  c.globalAlpha = 0.45 * (1 - beat);
  c.beginPath();
  c.arc(x, y, 4 + 8 * beat, 0, 7);
  c.fill();
  c.globalAlpha = 1;
  c.beginPath();
  c.arc(x, y, 4.5, 0, 7);
  c.fill();
}

function paintBreath(c: Canvas, { x, y, w, h }: PaintNode, phase: number, palette: Palette): void {
  c.globalAlpha = 0.25 + 0.25 * Math.sin(phase * 5);
  c.fillStyle = palette.card;
  rounded(c, x, y, w, h, 6);
  c.fill();
  c.globalAlpha = 1;
}

function paintRing(c: Canvas, node: PaintNode, k: number, palette: Palette, chosen: boolean, keyboard: boolean): void {
  const gap = 3 / Math.max(0.35, k);
  rounded(c, node.x - gap, node.y - gap, node.w + 2 * gap, node.h + 2 * gap, 8);
  c.lineWidth = (chosen ? (keyboard ? 3 : 2.2) : 1.4) / Math.max(0.35, k);
  c.strokeStyle = palette.focus;
  c.stroke();
}
