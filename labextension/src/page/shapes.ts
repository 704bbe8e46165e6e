// What the painter draws with: rounded boxes, hatches, signs, text cut to its room.
import type { TaskState } from '../feed/reducer.ts';
import { SIGN } from '../words/states.ts';

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const CUTS_KEPT = 6000;

type Canvas = CanvasRenderingContext2D;

const signPaths = new Map<TaskState, Path2D>();
const cuts = new Map<string, string>();
const widths = new Map<string, number>();

export function rounded(c: Canvas, x: number, y: number, w: number, h: number, r: number): void {
  c.beginPath();
  c.roundRect(x, y, w, h, r);
}

export function hatch(c: Canvas, x: number, y: number, w: number, h: number, colour: string, strength = 0.4): void {
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
  c.globalAlpha *= strength;
  c.stroke();
  c.restore();
}

export function sign(c: Canvas, state: TaskState, x: number, y: number, size: number, colour: string): void {
  let path = signPaths.get(state);
  if (!path) signPaths.set(state, (path = new Path2D(SIGN[state].d)));
  c.save();
  c.translate(x, y);
  c.scale(size / 16, size / 16);
  c.lineWidth = 1.9;
  c.lineCap = 'round';
  c.lineJoin = 'round';
  if (SIGN[state].filled) {
    c.fillStyle = colour;
    c.fill(path);
  } else {
    c.strokeStyle = colour;
    c.stroke(path);
  }
  c.restore();
}

export function widthOf(c: Canvas, text: string): number {
  const key = `${c.font}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > CUTS_KEPT) widths.clear();
    widths.set(key, (width = c.measureText(text).width));
  }
  return width;
}

/** As much of `text` as there is room for, in the font that is set. */
export function cut(c: Canvas, text: string, room: number): string {
  const key = `${c.font}|${Math.round(room)}|${text}`;
  let shown = cuts.get(key);
  if (shown === undefined) {
    if (cuts.size > CUTS_KEPT) cuts.clear();
    cuts.set(key, (shown = cutNow(c, text, room)));
  }
  return shown;
}

function cutNow(c: Canvas, text: string, room: number): string {
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
