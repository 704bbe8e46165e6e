// The reducer: deltas in, state out. Twin of runtime/treadle_runtime/feed/reducer.py, proven by the same golden files.
// The records' shapes are described in runtime/treadle_runtime/feed/delta.py.

export type TaskState = 'waiting' | 'ready' | 'placed' | 'running' | 'done' | 'failed' | 'upstream' | 'cancelled';
export type Counts = { [state in TaskState]?: number };

export interface TaskRecord {
  fn: number;
  cell: number;
  state: TaskState;
  worker?: number;
  in?: (number | string)[];
  since?: number;
  progress?: number; // 0 to 1
  text?: string;
  title?: string;
  group?: string;
}

export interface GroupRecord {
  fn: number;
  cell: number;
  depth: number;
  span: number;
  counts: Counts;
  in: { [source: string]: number };
}

export interface WorkerRecord {
  state: 'idle' | 'busy' | 'gone';
  reason?: string;
  pid?: number;
  cpu?: number;
  rss?: number;
  task?: number;
}

export interface FunctionRecord {
  name: string;
  counts: Counts;
}

export interface FailureRecord {
  number: number;
  numbers?: number[];
  count?: number;
  function?: string;
  type?: string;
  message?: string;
  traceback?: string;
  cell?: number | string;
  worker?: number;
  attempt?: number;
}

type Plain = string | number | boolean | null;
type Table<R> = { [key: string]: R };

export interface State {
  epoch: string;
  seq: number;
  task: Table<TaskRecord>;
  group: Table<GroupRecord>;
  worker: Table<WorkerRecord>;
  function: Table<FunctionRecord>;
  session: Table<{ [name: string]: Plain }>;
  failure: FailureRecord[];
}

export type TableName = 'task' | 'group' | 'worker' | 'function' | 'session';

export interface Delta {
  feed: number;
  epoch: string;
  seq: number;
  reset?: boolean;
  del?: { [kind in TableName | 'failure']?: string[] };
  put?: { [kind in TableName]?: Table<{ [field: string]: unknown }> };
  add?: { failure?: FailureRecord[] };
}

export function nothing(): State {
  return { epoch: '', seq: -1, task: {}, group: {}, worker: {}, function: {}, session: {}, failure: [] };
}

/** Apply `delta` to `state` in place; false if deltas are missing before it: ask for a reset. Old ones are passed over. */
export function reduce(state: State, delta: Delta): boolean {
  if (delta.reset) Object.assign(state, nothing());
  else if (delta.epoch !== state.epoch || delta.seq > state.seq + 1) return false;
  else if (delta.seq <= state.seq) return true;
  state.epoch = delta.epoch;
  state.seq = delta.seq;
  for (const [kind, keys] of Object.entries(delta.del ?? {})) {
    if (kind === 'failure') state.failure = state.failure.filter((item) => !keys.includes(String(item.number)));
    else for (const key of keys) delete state[kind as TableName][key];
  }
  for (const [kind, records] of Object.entries(delta.put ?? {})) {
    const table = state[kind as TableName] as Table<{ [field: string]: unknown }>;
    for (const [key, fields] of Object.entries(records)) {
      const record = Object.assign((table[key] ??= {}), fields);
      for (const [name, value] of Object.entries(fields)) if (value === null) delete record[name];
    }
  }
  for (const item of delta.add?.failure ?? []) {
    const at = state.failure.findIndex((old) => old.number === item.number);
    if (at < 0) state.failure.push(item);
    else state.failure[at] = item;
  }
  return true;
}
