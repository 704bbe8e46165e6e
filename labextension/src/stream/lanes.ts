// What each worker ran and when, read from the feed: lanes of spans in wall time. Pure.
import { type SpanRow, type State, TICKS_PER_S } from '../feed/reducer.ts';

export type Ending = 'done' | 'cancelled' | 'failed' | 'running';

export interface Span {
  begin: number; // wall time, seconds
  end: number;
  fn: number;
  number: number; // of the task; 0 if it stands for many
  count: number;
  ending: Ending; // of the worst of them
  busy: number; // seconds in which something ran
}

export interface Lane {
  worker: number;
  spans: Span[]; // in the order of time, never overlapping
}

const ENDINGS: readonly Ending[] = ['done', 'cancelled', 'failed'];

/** The lanes of all workers that are there or ran something, running tasks up to `now`. */
export function lanesOf(state: State, now: number): Lane[] {
  const lanes = new Map<number, Span[]>();
  const laneOf = (worker: number): Span[] => {
    let lane = lanes.get(worker);
    if (!lane) lanes.set(worker, (lane = []));
    return lane;
  };
  for (const [worker, record] of Object.entries(state.worker)) if (record.state !== 'gone') laneOf(Number(worker));
  for (const { at, ...rows } of Object.values(state.stream)) {
    for (const [name, spans] of Object.entries(rows)) {
      const lane = laneOf(Number(name.slice(1)));
      for (const row of spans as SpanRow[]) lane.push(spanOf(row, at));
    }
  }
  for (const [number, task] of Object.entries(state.task)) {
    if (task.state !== 'running' || !task.worker || task.since === undefined) continue;
    laneOf(task.worker).push({ begin: task.since, end: Math.max(now, task.since), fn: task.fn, number: Number(number), count: 1, ending: 'running', busy: Math.max(0, now - task.since) });
  }
  for (const lane of lanes.values()) lane.sort((a, b) => a.begin - b.begin);
  return [...lanes].sort(([a], [b]) => a - b).map(([worker, spans]) => ({ worker, spans }));
}

function spanOf([begin, length, fn, what, ending = 0, busy]: SpanRow, at: number): Span {
  const from = at + begin / TICKS_PER_S;
  const many = what < 0;
  return {
    begin: from,
    end: from + length / TICKS_PER_S,
    fn,
    number: many ? 0 : what,
    count: many ? -what : 1,
    ending: ENDINGS[ending] ?? 'done',
    busy: (busy ?? length) / TICKS_PER_S,
  };
}

/** When the first thing began and the last ended; null if nothing ran. */
export function extentOf(lanes: Lane[]): [number, number] | null {
  let [from, to] = [Infinity, -Infinity];
  for (const { spans } of lanes) {
    const first = spans[0];
    const last = spans[spans.length - 1];
    if (!first || !last) continue;
    from = Math.min(from, first.begin);
    to = Math.max(to, last.end);
  }
  return from <= to ? [from, to] : null;
}

/** The index of the first span that ends after `time`. */
export function firstAfter(spans: Span[], time: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span).end > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The span at a time, or the nearest one no further away than `slack` seconds. */
export function spanAt(lane: Lane, time: number, slack = 0): Span | null {
  const at = firstAfter(lane.spans, time);
  const [before, after] = [lane.spans[at - 1], lane.spans[at]];
  if (after && after.begin <= time) return after;
  const toBefore = before ? time - before.end : Infinity;
  const toAfter = after ? after.begin - time : Infinity;
  if (Math.min(toBefore, toAfter) > slack) return null;
  return (toBefore <= toAfter ? before : after) ?? null;
}

/** Which part of the time between `from` and `to` a worker was busy, 0 to 1. */
export function busyShare(lane: Lane, from: number, to: number): number {
  if (to <= from) return 0;
  let busy = 0;
  for (let i = firstAfter(lane.spans, from); i < lane.spans.length; i++) {
    const span = lane.spans[i] as Span;
    if (span.begin >= to) break;
    const inside = Math.min(span.end, to) - Math.max(span.begin, from);
    const length = span.end - span.begin;
    busy += length > 0 ? (span.busy * inside) / length : 0;
  }
  return Math.min(1, Math.max(0, busy / (to - from)));
}
