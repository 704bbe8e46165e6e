// Draws lanes of spans on a canvas. Knows spans, a window of time and colours; keeps nothing.
import type { TaskState } from '../feed/reducer.ts';
import { cut, FONT, hatch, sign } from '../page/shapes.ts';
import type { Palette } from '../page/theme.ts';
import type { Hue } from './hues.ts';
import { firstAfter, type Lane, type Span } from './lanes.ts';
import { ticks, type TimeWindow } from './window.ts';

export const AXIS_H = 20;
const GAP = 0.2; // of a lane's height
const SIGN_PX = 12;
const TEXT_PX = 26;
const LEAST_KEPT = 5; // letters of a name: fewer tell nothing

export interface Sheet {
  width: number;
  height: number;
  gutter: number;
}

export interface Look {
  palette: Palette;
  hueOf(fn: number): Hue;
  labelOf(span: Span): string;
  gutterOf(lane: Lane): string;
  matches(span: Span): boolean;
  chosen: Span | null;
  hovered: Span | null;
}

export function laneHeight(sheet: Sheet, lanes: number): number {
  return Math.min(56, (sheet.height - AXIS_H) / Math.max(1, lanes));
}

export function xOf(time: number, window: TimeWindow, sheet: Sheet): number {
  return sheet.gutter + ((time - window.from) / window.length) * (sheet.width - sheet.gutter);
}

export function timeAt(x: number, window: TimeWindow, sheet: Sheet): number {
  return window.from + ((x - sheet.gutter) / Math.max(1, sheet.width - sheet.gutter)) * window.length;
}

export function paintStream(context: CanvasRenderingContext2D, lanes: Lane[], window: TimeWindow, origin: number, sheet: Sheet, look: Look): void {
  const { palette } = look;
  const height = laneHeight(sheet, lanes.length);
  context.font = `11px ${FONT}`;
  context.textBaseline = 'middle';
  paintAxis(context, lanes.length * height, window, origin, sheet, palette);
  lanes.forEach((lane, row) => {
    const [y, h] = [row * height + (height * GAP) / 2, height * (1 - GAP)];
    context.fillStyle = palette.border;
    context.globalAlpha = 0.35;
    context.fillRect(sheet.gutter, y, sheet.width - sheet.gutter, h);
    context.globalAlpha = 1;
    context.save();
    context.beginPath();
    context.rect(sheet.gutter, y - 2, sheet.width - sheet.gutter, h + 4);
    context.clip();
    for (let i = firstAfter(lane.spans, window.from); i < lane.spans.length; i++) {
      const span = lane.spans[i] as Span;
      if (span.begin > window.to) break;
      paintSpan(context, span, xOf(span.begin, window, sheet), xOf(span.end, window, sheet), y, h, sheet.gutter, look);
    }
    context.restore();
    if (height >= 11) {
      context.fillStyle = palette.muted;
      context.textAlign = 'left';
      context.fillText(look.gutterOf(lane), 6, y + h / 2, sheet.gutter - 10);
    }
  });
}

function paintAxis(context: CanvasRenderingContext2D, bottom: number, window: TimeWindow, origin: number, sheet: Sheet, palette: Palette): void {
  const room = Math.min(0.9, 84 / Math.max(84, sheet.width - sheet.gutter));
  context.textAlign = 'center';
  context.fillStyle = palette.muted;
  context.strokeStyle = palette.border;
  context.lineWidth = 1;
  context.beginPath();
  for (const { at, label } of ticks(window.from, window.to, origin, room)) {
    const x = Math.round(xOf(at, window, sheet)) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, bottom + 4);
    const half = context.measureText(label).width / 2 + 2;
    context.fillText(label, Math.max(sheet.gutter + half, Math.min(sheet.width - half, x)), bottom + AXIS_H / 2 + 2);
  }
  context.stroke();
}

function paintSpan(context: CanvasRenderingContext2D, span: Span, x0: number, x1: number, y: number, h: number, edge: number, look: Look): void {
  const { palette } = look;
  const width = Math.max(1, x1 - x0 - (x1 - x0 > 3 ? 0.75 : 0));
  const hue = look.hueOf(span.fn);
  const bad = span.ending === 'failed' || span.ending === 'cancelled';
  const colour = bad && span.count === 1 ? palette.state[span.ending as 'failed' | 'cancelled'] : hue.fill;
  context.globalAlpha = look.matches(span) ? 1 : 0.16;
  const plain = context.globalAlpha;
  context.fillStyle = colour;
  if (span.count > 1) {
    const share = Math.min(1, span.busy / Math.max(1e-9, span.end - span.begin));
    context.globalAlpha = plain * 0.35;
    context.fillRect(x0, y, width, h);
    context.globalAlpha = plain;
    context.fillRect(x0, y + h * (1 - share), width, h * share);
  } else if (span.ending === 'running') {
    context.globalAlpha = plain * 0.45;
    context.fillRect(x0, y, width, h);
    context.globalAlpha = plain;
    context.fillRect(x0, y, width, 3);
    context.fillRect(x0, y + h - 3, width, 3);
    context.fillRect(x0, y, Math.min(width, 3), h);
  } else context.fillRect(x0, y, width, h);
  if (bad) paintTrouble(context, span, x0, y, width, h, look);
  paintLabel(context, span, Math.max(x0, edge), x0 + width, y, h, look, hue);
  context.globalAlpha = 1;
  if (span === look.chosen || span === look.hovered) {
    context.strokeStyle = span === look.chosen ? palette.focus : palette.text;
    context.lineWidth = span === look.chosen ? 2.5 : 1.5;
    context.strokeRect(x0 - 1, y - 0.5, width + 2, h + 1);
  }
}

/** Hatched, with a bar on top that is seen however narrow the span is: not by colour alone. */
function paintTrouble(context: CanvasRenderingContext2D, span: Span, x: number, y: number, width: number, h: number, { palette }: Look): void {
  hatch(context, x, y, width, h, palette.card, 1);
  context.fillStyle = palette.state[span.ending === 'failed' ? 'failed' : 'cancelled'];
  context.fillRect(x - 1, y - 2, Math.max(3, width + 2), 4);
}

function paintLabel(context: CanvasRenderingContext2D, span: Span, from: number, to: number, y: number, h: number, look: Look, hue: Hue): void {
  const room = to - from;
  if (h < 12 || room < SIGN_PX + 6) return;
  const bad = span.ending === 'failed' || span.ending === 'cancelled';
  const open = span.ending === 'running' || span.count > 1;
  const ink = open ? look.palette.text : bad ? look.palette.onState : hue.text;
  let at = from + 5;
  if (bad || span.ending === 'running') {
    if (bad) {
      context.fillStyle = look.palette.state[span.ending as 'failed' | 'cancelled'];
      context.fillRect(from, y, SIGN_PX + 6, h);
    }
    sign(context, span.ending as TaskState, at - 1, y + h / 2 - SIGN_PX / 2, SIGN_PX, ink);
    at += SIGN_PX + 4;
  }
  const left = from + room - at - 3;
  if (left < TEXT_PX) return;
  const label = look.labelOf(span);
  const name = label.replace(/ #\d+$/, ''); // the number goes first: it tells least
  const words = cut(context, context.measureText(label).width <= left ? label : name, left);
  if (words.length < LEAST_KEPT) return;
  if (bad) {
    context.fillStyle = look.palette.state[span.ending as 'failed' | 'cancelled'];
    context.fillRect(at - 4, y, Math.min(left + 4, context.measureText(words).width + 8), h);
  }
  context.fillStyle = ink;
  context.textAlign = 'left';
  context.fillText(words, at, y + h / 2 + 0.5);
}
