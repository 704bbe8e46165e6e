// How much of a runtime works and failed, in the words of the status bar. Pure.
import type { State } from '../feed/reducer.ts';
import { count } from '../words/format.ts';
import { countsOf } from '../words/states.ts';
import type { Runtime } from './runtimes.ts';

export interface Status {
  readonly busy: number;
  readonly workers: number;
  readonly failed: number;
  readonly waiting: number;
}

/** What the feed's state says. */
export function statusOf(state: State): Status {
  const workers = Object.values(state.worker).filter((worker) => worker.state !== 'gone');
  const counts = countsOf(state);
  return {
    busy: workers.filter((worker) => worker.state === 'busy').length,
    workers: workers.length,
    failed: counts.failed ?? 0,
    waiting: (counts.waiting ?? 0) + (counts.ready ?? 0) + (counts.placed ?? 0),
  };
}

/** What the list of runtimes says, as far as it does. */
export function statusIn(runtime: Runtime): Status | null {
  if (runtime.busy === undefined || runtime.workers === undefined) return null;
  return { busy: runtime.busy, workers: runtime.workers, failed: runtime.failed ?? 0, waiting: runtime.waiting ?? 0 };
}

/** "2/2 busy · 1 failed" */
export function inShort(status: Status): string {
  return [status.workers ? `${status.busy}/${status.workers} busy` : 'no workers yet', ...(status.failed ? [`${count(status.failed)} failed`] : [])].join(' · ');
}
