// What lies where: things by the part of the sheet they touch, so that a frame looks only at what is seen. Pure.
//
// The sheet is cut into bands as wide as a few layers and boxes of a few rows in them; a thing is in every box it
// touches. What touches very many (a long edge) is kept aside and looked at each time.
import type { Box } from './camera.ts';

const WIDE = 480;
const HIGH = 320;
const MOST = 48;

export class Sheet<T extends object> {
  private readonly boxes = new Map<number, Set<T>>();
  private readonly where = new Map<T, Box>();
  private readonly large = new Set<T>();

  get size(): number {
    return this.where.size;
  }

  all(): Iterable<T> {
    return this.where.keys();
  }

  put(thing: T, box: Box): void {
    this.remove(thing);
    this.where.set(thing, box);
    const keys = keysOf(box, MOST);
    if (!keys) this.large.add(thing);
    for (const key of keys ?? []) {
      let there = this.boxes.get(key);
      if (!there) this.boxes.set(key, (there = new Set()));
      there.add(thing);
    }
  }

  remove(thing: T): void {
    const box = this.where.get(thing);
    if (!box) return;
    for (const key of keysOf(box, MOST) ?? []) {
      const there = this.boxes.get(key);
      there?.delete(thing);
      if (!there?.size) this.boxes.delete(key);
    }
    this.where.delete(thing);
    this.large.delete(thing);
  }

  clear(): void {
    this.boxes.clear();
    this.where.clear();
    this.large.clear();
  }

  /** All that touches `box`, each once. */
  find(box: Box): Set<T> {
    const found = new Set<T>();
    const look = (things: Iterable<T>): void => {
      for (const thing of things) {
        const at = this.where.get(thing);
        if (at && at.x0 <= box.x1 && at.x1 >= box.x0 && at.y0 <= box.y1 && at.y1 >= box.y0) found.add(thing);
      }
    };
    look(this.large);
    const keys = keysOf(box, this.boxes.size);
    if (!keys) look(this.where.keys());
    for (const key of keys ?? []) look(this.boxes.get(key) ?? []);
    return found;
  }
}

/** The boxes of the sheet that `box` touches, null if more than `most`. */
function keysOf(box: Box, most: number): number[] | null {
  const [c0, c1] = [Math.floor(box.x0 / WIDE), Math.floor(box.x1 / WIDE)];
  const [r0, r1] = [Math.floor(box.y0 / HIGH), Math.floor(box.y1 / HIGH)];
  if ((c1 - c0 + 1) * (r1 - r0 + 1) > most) return null;
  const keys: number[] = [];
  for (let c = c0; c <= c1; c++) for (let r = r0; r <= r1; r++) keys.push(c * 0x1000000 + r);
  return keys;
}
