// Which part of time is looked at, and the ticks below it. Pure: no clock, no pixels but the width.
import { two } from '../words/format.ts';

const SHORTEST_S = 0.002;
const LONGEST_S = 40 * 24 * 3600;
export const LAST_S = 30;

export class TimeWindow {
  from = 0;
  to = LAST_S;
  /** "last": the newest seconds, "all": from the first to now, null: what a person has chosen. */
  follows: 'last' | 'all' | null = 'last';

  get length(): number {
    return this.to - this.from;
  }

  /** Move on with time, if it follows. `extent`: when the first thing began and the last ended. */
  advance(extent: [number, number], now: number, runs: boolean): void {
    const end = runs ? now : extent[1];
    const margin = 0.02;
    if (this.follows === 'last') {
      const length = Math.min(LAST_S, Math.max(0.05, end - extent[0]));
      this.to = end + margin * length;
      this.from = this.to - length * (1 + 2 * margin);
    } else if (this.follows === 'all') {
      const length = Math.max(0.05, end - extent[0]);
      this.from = extent[0] - margin * length;
      this.to = end + margin * length;
    }
  }

  /** Look closer (factor > 1) at a moment. */
  zoom(factor: number, at = (this.from + this.to) / 2): void {
    const length = Math.min(LONGEST_S, Math.max(SHORTEST_S, this.length / factor));
    const share = (at - this.from) / this.length;
    this.follows = null;
    this.from = at - share * length;
    this.to = this.from + length;
  }

  pan(seconds: number): void {
    this.follows = null;
    this.from += seconds;
    this.to += seconds;
  }

  /** Show a stretch of time with some room around it. */
  show(begin: number, end: number): void {
    const length = Math.max(SHORTEST_S, end - begin);
    this.follows = null;
    this.from = begin - 0.15 * length;
    this.to = end + 0.15 * length;
  }

  /** Bring a moment into view without changing the scale. */
  reveal(begin: number, end: number): void {
    if (begin >= this.from && end <= this.to) return;
    const middle = (begin + Math.min(end, begin + this.length)) / 2;
    this.pan(middle - (this.from + this.to) / 2);
  }
}

export interface Tick {
  at: number;
  label: string;
}

const STEPS = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400];

/** Where to write a time: round numbers of seconds since `origin`, at least `room` of the window's width apart. */
export function ticks(from: number, to: number, origin: number, room: number): Tick[] {
  const least = (to - from) * room;
  const step = STEPS.find((each) => each >= least) ?? Math.ceil(least / 86400) * 86400;
  const found: Tick[] = [];
  for (let k = Math.ceil((from - origin) / step); found.length < 100; k++) {
    const at = origin + k * step;
    if (at > to) break;
    if (k >= 0) found.push({ at, label: tickLabel(k * step, step) });
  }
  return found;
}

function tickLabel(seconds: number, step: number): string {
  if (seconds === 0) return '0';
  if (step < 1 && seconds < 60) {
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    return step < 0.01 && seconds < 1 ? `${(seconds * 1000).toFixed(Math.max(0, digits - 3))} ms` : `${seconds.toFixed(digits)} s`;
  }
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const digits = step < 1 ? Math.max(0, -Math.floor(Math.log10(step))) : 0;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = (seconds % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, '0');
  return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
