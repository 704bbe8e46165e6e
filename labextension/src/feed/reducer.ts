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
  mem?: number[]; // MiB, one each 5 s, oldest first
}

export interface FunctionRecord {
  name: string;
  counts: Counts;
  mean?: number; // seconds, as the two below; there once a call has ended well
  p95?: number;
  total?: number;
}

/** [begin, length, fn, number] in ticks of 0.1 ms, with state (1 cancelled, 2 failed) if not done; or, as one for many short
 * ones, [begin, length, fn, -(how many), worst state, busy ticks]. */
export type SpanRow = [number, number, number, number, number?, number?];

export const TICKS_PER_S = 10_000;

/** What workers ran in some seconds; begins count from `at` (wall time) and may be negative. */
export interface ChunkRecord {
  at: number;
  [worker: `w${number}`]: SpanRow[];
}

export interface GpuRecord {
  name: string;
  busy: number; // percent
  used: number; // bytes
  total: number;
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
  place?: string; // "[5] line 3"
  frames?: [string, number, string][]; // file, line, function
  seen?: boolean; // somebody has looked at it
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
  stream: Table<ChunkRecord>;
  gpu: Table<GpuRecord>;
  failure: FailureRecord[];
}

export type TableName = 'task' | 'group' | 'worker' | 'function' | 'session' | 'stream' | 'gpu';

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
  return { epoch: '', seq: -1, task: {}, group: {}, worker: {}, function: {}, session: {}, stream: {}, gpu: {}, failure: [] };
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
