// The graph as a PNG: painted on a canvas of its own as it is on the screen, at twice the size where that is possible.
import { paintStill } from '../graph/paint.ts';
import type { Drawn } from '../graph/panel.ts';
import type { Picture } from './picture.ts';

const MARGIN = 24;
const SCALE = 2;
const PIXELS = 32e6;
const SIDE = 12_000;

/** The picture as a PNG file. */
export async function toPng(picture: Picture, { scene, still, palette }: Drawn): Promise<Blob> {
  const { x0, y0, x1, y1 } = picture.box;
  const seen = { x0: x0 - MARGIN, y0: y0 - MARGIN, x1: x1 + MARGIN, y1: y1 + MARGIN };
  const [width, height] = [seen.x1 - seen.x0, seen.y1 - seen.y0];
  const k = Math.min(SCALE, Math.sqrt(PIXELS / (width * height)), SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * k);
  canvas.height = Math.ceil(height * k);
  const c = canvas.getContext('2d');
  if (!c) throw new Error('This browser has no canvas to paint on.');
  c.fillStyle = palette.bg;
  c.fillRect(0, 0, canvas.width, canvas.height);
  paintStill(c, scene, { ...still, match: null, moves: null }, { k, seen }, palette);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('The picture is too large for this browser.'))), 'image/png'));
}
