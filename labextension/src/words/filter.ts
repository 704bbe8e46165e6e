// What a person looks for, and whether a task or a group of the feed is that. Pure.
import type { GroupRecord, State, TaskRecord, TaskState } from '../feed/reducer.ts';

/** All that is given must hold. A group matches if one of its tasks may. */
export interface Filter {
  text?: string; // in the function's name or the title, or the task's number ("17", "#17")
  state?: TaskState;
  fn?: number;
  cell?: number;
}

export type Match = (id: string) => boolean;

export function isEmpty(filter: Filter | null): boolean {
  return !filter || (!filter.text?.trim() && filter.state === undefined && filter.fn === undefined && filter.cell === undefined);
}

/** The filter over tasks and boxes; null if it lets everything through. */
export function matcher(
  state: State,
  filter: Filter | null,
  taskOf: (id: string) => TaskRecord | undefined = (id) => state.task[id],
  boxOf: (id: string) => GroupRecord | undefined = (id) => state.group[id],
): Match | null {
  if (!filter || isEmpty(filter)) return null;
  const words = (filter.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return (id) => {
    const task = taskOf(id);
    const box = task ? undefined : boxOf(id);
    const node = task ?? box;
    if (!node) return false;
    if (filter.fn !== undefined && node.fn !== filter.fn && node.fn >= 0) return false;
    if (filter.cell !== undefined && node.cell !== filter.cell) return false;
    if (filter.state !== undefined && !(task ? task.state === filter.state : box?.counts[filter.state])) return false;
    if (node.fn < 0) return true; // of many functions: some may match
    const name = `${state.function[node.fn]?.name ?? ''} ${task?.title ?? ''} ${task?.text ?? ''}`.toLowerCase();
    return words.every((word) => name.includes(word) || (task !== undefined && word.replace(/^#/, '') === id));
  };
}
