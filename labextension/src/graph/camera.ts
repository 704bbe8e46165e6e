// The camera over the sheet: which part is seen, how large. Follows the growing graph until a person takes it.

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const LEAST = 0.02;
const MOST = 2;
const MARGIN = 22;
const FOOT = 38; // the toolbar lies over the lower edge
const NEAREST_FIT = 1.4;

export class Camera {
  k = 1;
  x = 0; // sheet coordinates of the upper left corner
  y = 0;
  width = 1;
  height = 1;
  follows = true;
  private goal: { k: number; x: number; y: number } | null = null;

  /** Show `box` whole and in the middle; smoothly unless `at_once`. */
  fit(box: Box, atOnce: boolean): void {
    const w = Math.max(1, box.x1 - box.x0);
    const h = Math.max(1, box.y1 - box.y0);
    const fitted = Math.max(LEAST, this.scaleFor(box));
    const goal = { k: fitted, x: box.x0 - (this.width / fitted - w) / 2, y: box.y0 - ((this.height - FOOT) / fitted - h) / 2 };
    if (atOnce) Object.assign(this, goal);
    this.goal = atOnce ? null : goal;
  }

  /** Keep `box` of `whole` in sight at a scale of `k` at least: stay while it is, else go to it. */
  follow(box: Box, whole: Box, k: number, atOnce: boolean): void {
    const seen = this.seen();
    const inside = box.x0 >= seen.x0 && box.y0 >= seen.y0 && box.x1 <= seen.x1 && box.y1 <= seen.y1;
    if (!atOnce && (this.goal || (inside && this.k >= k * 0.9))) return;
    const scale = Math.max(k, Math.min(this.scaleFor(box), 2 * k));
    const [w, h] = [this.width / scale, this.height / scale];
    const x = (box.x0 + box.x1 - w) / 2;
    const y = (box.y0 + box.y1 - h) / 2;
    const margin = MARGIN / scale;
    const within = (at: number, low: number, high: number): number => Math.max(low, Math.min(at, high));
    const goal = {
      k: scale,
      x: within(Math.min(x, box.x0 - margin), whole.x0 - margin, whole.x1 + margin - w),
      y: within(Math.min(y, box.y0 - margin), whole.y0 - margin, whole.y1 + margin + FOOT / scale - h),
    };
    if (atOnce) Object.assign(this, goal);
    this.goal = atOnce ? null : goal;
  }

  /** How large `box` would be shown by `fit`. */
  scaleFor(box: Box): number {
    return Math.min(NEAREST_FIT, (this.width - 2 * MARGIN) / Math.max(1, box.x1 - box.x0), (this.height - FOOT - 2 * MARGIN) / Math.max(1, box.y1 - box.y0));
  }

  /** One frame towards the goal; true while there is way to go. */
  glide(): boolean {
    const goal = this.goal;
    if (!goal) return false;
    const near = Math.abs(goal.k / this.k - 1) < 0.003 && Math.hypot(goal.x - this.x, goal.y - this.y) * goal.k < 0.5;
    const step = near ? 1 : 0.22;
    this.k += (goal.k - this.k) * step;
    this.x += (goal.x - this.x) * step;
    this.y += (goal.y - this.y) * step;
    if (near) this.goal = null;
    return !near;
  }

  pan(dx: number, dy: number): void {
    this.goal = null;
    this.follows = false;
    this.x -= dx / this.k;
    this.y -= dy / this.k;
  }

  /** Zoom by `factor`, keeping the point (px, py) of the window in place. */
  zoom(factor: number, px = this.width / 2, py = this.height / 2): void {
    this.goal = null;
    this.follows = false;
    const k = Math.min(MOST, Math.max(LEAST, this.k * factor));
    this.x += px / this.k - px / k;
    this.y += py / this.k - py / k;
    this.k = k;
  }

  /** Move just so far that `box` is seen. */
  reveal(box: Box): void {
    if (this.goal) Object.assign(this, this.goal);
    this.goal = null;
    const seen = this.seen();
    const margin = MARGIN / this.k;
    const dx = box.x0 < seen.x0 ? box.x0 - seen.x0 - margin : box.x1 > seen.x1 ? box.x1 - seen.x1 + margin : 0;
    const dy = box.y0 < seen.y0 ? box.y0 - seen.y0 - margin : box.y1 > seen.y1 ? box.y1 - seen.y1 + margin : 0;
    this.x += dx;
    this.y += dy;
  }

  seen(): Box {
    return { x0: this.x, y0: this.y, x1: this.x + this.width / this.k, y1: this.y + this.height / this.k };
  }

  toSheet(px: number, py: number): [number, number] {
    return [this.x + px / this.k, this.y + py / this.k];
  }
}
