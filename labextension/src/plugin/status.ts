// How much of a runtime works and failed, in the words of the status bar. Pure.
import type { State } from '../feed/reducer.ts';
import { count } from '../words/format.ts';
import { countsOf, heldIn } from '../words/states.ts';
import type { Runtime } from './runtimes.ts';

export interface Status {
  readonly busy: number;
  readonly workers: number;
  readonly failed: number;
  readonly waiting: number; // of themselves
  readonly held: number; // for a kernel that has gone
}

/** What the feed's state says. */
export function statusOf(state: State): Status {
  const workers = Object.values(state.worker).filter((worker) => worker.state !== 'gone');
  const counts = countsOf(state);
  const held = heldIn(state);
  return {
    busy: workers.filter((worker) => worker.state === 'busy').length,
    workers: workers.length,
    failed: counts.failed ?? 0,
    waiting: (counts.waiting ?? 0) + (counts.ready ?? 0) + (counts.placed ?? 0) - held,
    held,
  };
}

/** What the list of runtimes says, as far as it does. */
export function statusIn(runtime: Runtime): Status | null {
  if (runtime.busy === undefined || runtime.workers === undefined) return null;
  return { busy: runtime.busy, workers: runtime.workers, failed: runtime.failed ?? 0, waiting: runtime.waiting ?? 0, held: runtime.held ?? 0 };
}

/** "2/2 busy · 57 held · 1 failed" */
export function inShort({ busy, workers, held, failed }: Status): string {
  const parts = [workers ? `${busy}/${workers} busy` : 'no workers yet', held && `${count(held)} held`, failed && `${count(failed)} failed`];
  return parts.filter(Boolean).join(' · ');
}
