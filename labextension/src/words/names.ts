// What tasks and boxes of many are called.
import type { GroupRecord, State, TaskRecord } from '../feed/reducer.ts';

/** As function of a box: all that was called outside of notebook cells. The feed's own -1 is more than one function. */
export const OUTSIDE = -2;

/** What a person called a task, else its function's name. */
export function labelOf(state: State, task: TaskRecord | undefined): string {
  return task?.title ?? state.function[task?.fn ?? -1]?.name ?? 'task';
}

export function nameOf(state: State, id: string): string {
  return `${labelOf(state, state.task[id])} #${id}`;
}

export function groupName(state: State, group: GroupRecord): string {
  if (group.fn >= 0) return state.function[group.fn]?.name ?? 'task';
  if (group.cell) return `cell [${group.cell}]`;
  return group.fn === OUTSIDE ? 'outside cells' : 'older tasks';
}
