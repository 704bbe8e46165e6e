// The states of a task as people see them: word, sign, order. The sign tells without the colour.
import type { Counts, State, TaskRecord, TaskState } from '../feed/reducer.ts';
import { count } from './format.ts';

export const STATES: readonly TaskState[] = ['running', 'placed', 'ready', 'waiting', 'done', 'failed', 'upstream', 'cancelled'];

/** In the order of a stacked bar: what is settled first. */
export const BAR_ORDER: readonly TaskState[] = ['done', 'failed', 'upstream', 'cancelled', 'running', 'placed', 'ready', 'waiting'];

export const FINAL: ReadonlySet<TaskState> = new Set(['done', 'failed', 'upstream', 'cancelled']);

export const WORD: { [state in TaskState]: string } = {
  waiting: 'waiting',
  ready: 'ready',
  placed: 'queued',
  running: 'running',
  done: 'done',
  failed: 'failed',
  upstream: 'upstream failed',
  cancelled: 'cancelled',
};

/** How far a running task says it is: "42 %, epoch 3"; "" if it says nothing. */
export function sayProgress(task: TaskRecord): string {
  const percent = task.progress === undefined ? [] : [`${Math.floor(100 * task.progress)} %`];
  return [...percent, ...(task.text ? [task.text] : [])].join(', ');
}

export interface Sign {
  d: string; // path in a box of 16 x 16
  filled: boolean;
}

export const SIGN: { [state in TaskState]: Sign } = {
  waiting: { d: 'M8 2.8a5.2 5.2 0 1 0 .01 0M8 5.2V8.3l2.1 1.3', filled: false },
  ready: { d: 'M8 4.2a3.8 3.8 0 1 0 .01 0', filled: false },
  placed: { d: 'M4 5h8M4 8h8M4 11h8', filled: false },
  running: { d: 'M5.2 3.2v9.6L13 8z', filled: true },
  done: { d: 'M3.6 8.6l3 3 6-7', filled: false },
  failed: { d: 'M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6', filled: false },
  upstream: { d: 'M8 3v6.2M8 12.2v.4', filled: false },
  cancelled: { d: 'M8 2.8a5.2 5.2 0 1 0 .01 0M4.4 4.4l7.2 7.2', filled: false },
};

/** Which states are drawn as an outline: nothing has been done yet. */
export const HOLLOW: ReadonlySet<TaskState> = new Set(['waiting', 'ready']);

/** Which states are hatched besides their colour: a task that will never have a value. */
export const HATCHED: ReadonlySet<TaskState> = new Set(['upstream', 'cancelled']);

export function total(counts: Counts): number {
  return STATES.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}

/** How many tasks of all functions are in each state. */
export function countsOf(state: State): Counts {
  const all: Counts = {};
  for (const { counts } of Object.values(state.function)) for (const one of STATES) if (counts[one]) all[one] = (all[one] ?? 0) + (counts[one] ?? 0);
  return all;
}

/** How many of the waiting tasks are held, because their kernel has gone. */
export function heldIn(state: State): number {
  return Number(state.session['self']?.['held'] ?? 0);
}

/** The counts in words, as `3 running, 20 done`. */
export function inWords(counts: Counts, separator = ', '): string {
  const parts = STATES.filter((state) => counts[state]).map((state) => `${count(counts[state] ?? 0)} ${WORD[state]}`);
  return parts.join(separator) || 'nothing yet';
}

/** The one state that a box of many tasks is coloured by: trouble first, then life. */
export function leading(counts: Counts): TaskState {
  const order: TaskState[] = ['failed', 'running', 'placed', 'upstream', 'ready', 'waiting', 'cancelled', 'done'];
  return order.find((state) => counts[state]) ?? 'waiting';
}
