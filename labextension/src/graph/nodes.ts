// What is drawn of a state: tasks and boxes of many, as one likes to see them, and the tasks of boxes that are open. Pure.
//
// The feed decides what it carries: tasks one by one, or boxes of many (function x depth). Over that a person may
// fold once more, into one box per function and depth or one per notebook cell. A box can be opened: what is in it
// stands in a frame beside it, a page at a time. What is in a box of the feed is asked for; all else is here.
import type { Counts, Delta, GroupRecord, State, TaskRecord, TaskState } from '../feed/reducer.ts';
import { count } from '../words/format.ts';
import { groupName, labelOf, OUTSIDE } from '../words/names.ts';
import { leading, total } from '../words/states.ts';

export type Fold = 'none' | 'function' | 'cell';

export interface GraphNode {
  id: string;
  label: string;
  suffix: string; // "#17": never cut
  state: TaskState;
  counts: Counts | null; // of a box of many
  progress?: number | undefined; // 0 to 1, of a task that says so
  parents: string[];
  weights?: { [parent: string]: number }; // how many edges one stands for, if not one
  cell: number;
  frame: string | null; // the open box it is shown in
  open: boolean;
}

/** What the runtime answers about the tasks of a box. */
export interface Members {
  group: string;
  offset: number;
  total: number;
  tasks: { [number: string]: TaskRecord };
}

/** The answer to the command "members", checked as far as it is used. */
export function membersFrom(answer: { [name: string]: unknown }): Members {
  const { group, offset, total: all, tasks } = answer;
  if (typeof group !== 'string' || typeof tasks !== 'object' || !tasks) throw new Error('The tasks of this box are not known.');
  return { group, offset: Number(offset) || 0, total: Number(all) || 0, tasks: tasks as Members['tasks'] };
}

export interface Page {
  offset: number;
  total: number;
  ids: string[]; // what it shows
  told: { [id: string]: TaskRecord }; // by the runtime
}

export interface Changes {
  put: GraphNode[]; // new or changed, parents first
  gone: string[];
}

export const PAGE = 400;

export class Nodes {
  readonly all = new Map<string, GraphNode>();
  readonly pages = new Map<string, Page>(); // by the box that is open
  private state: State | null = null;
  private fold: Fold = 'none';
  private folded = new Map<string, { record: GroupRecord; ids: string[] }>();
  private depths = new Map<string, number>();
  private readonly turned = new Set<string>(); // boxes opened, turned or closed, and what they showed before

  get foldedBy(): Fold {
    return this.fold;
  }

  /** Take in what a delta changed; without one: everything. */
  update(state: State, delta?: Delta): Changes {
    const whole = !delta || delta.reset || state !== this.state || this.fold !== 'none';
    this.state = state;
    const framed = this.framed();
    const open = this.pages.size;
    if (this.fold !== 'none') this.folded = this.foldAll(state, this.fold);
    for (const box of [...this.pages.keys()]) {
      if (box in state.group || this.folded.has(box)) this.turnLocal(box);
      else this.pages.delete(box);
    }
    this.prune();
    const touched = whole ? [...this.all.keys(), ...this.wanted(state)] : touchedBy(delta);
    if (!whole && this.pages.size === open) return this.compare(new Set(touched)); // pages have not changed
    return this.compare(new Set([...touched, ...framed]));
  }

  /** What has changed by pages that were opened, turned or closed since the last call, and by nothing else. */
  settle(): Changes {
    const before = this.framed();
    const open = this.pages.size;
    this.prune();
    const touched = new Set(this.pages.size === open ? this.turned : [...this.turned, ...before]);
    for (const box of this.turned) for (const id of this.pages.get(box)?.ids ?? []) touched.add(id);
    this.turned.clear();
    return this.compare(touched);
  }

  private framed(): string[] {
    return [...this.pages].flatMap(([box, page]) => [box, ...page.ids]);
  }

  /** See it folded another way: everything is new. */
  foldBy(fold: Fold): Changes {
    const gone = [...this.all.keys()];
    this.all.clear();
    this.pages.clear();
    this.folded.clear();
    this.fold = fold;
    return { put: this.state ? this.update(this.state).put : [], gone };
  }

  /** Show a page of what is in a box. False if the runtime is to be asked for it (see `take`). */
  open(box: string, offset: number): boolean {
    const folded = this.folded.get(box);
    if (!folded) return false;
    this.note(box);
    this.pages.set(box, { offset, total: folded.ids.length, ids: [], told: {} });
    this.turnLocal(box);
    return true;
  }

  /** Take in what the runtime answered about a box. */
  take(members: Members): void {
    if (!this.state || !(members.group in this.state.group)) return;
    this.note(members.group);
    this.pages.set(members.group, { offset: members.offset, total: members.total, ids: Object.keys(members.tasks), told: members.tasks });
  }

  close(box: string): void {
    for (const inner of this.framed()) this.turned.add(inner);
    this.note(box);
    this.pages.delete(box);
    this.prune();
  }

  private note(box: string): void {
    this.turned.add(box);
    for (const id of this.pages.get(box)?.ids ?? []) this.turned.add(id);
  }

  /** Close the boxes that are no longer shown because the box around them shows something else. */
  private prune(): void {
    const isBase = (box: string): boolean => (this.fold === 'none' ? box in (this.state?.group ?? {}) : this.folded.has(box));
    const shown = (): Set<string> => new Set([...this.pages.values()].flatMap((page) => page.ids));
    for (let inside = shown(), before = -1; before !== this.pages.size; inside = shown()) {
      before = this.pages.size;
      for (const box of [...this.pages.keys()]) if (!isBase(box) && !inside.has(box)) this.pages.delete(box);
    }
  }

  /** What an open box shows. */
  inFrame(box: string): GraphNode[] {
    return (this.pages.get(box)?.ids ?? []).flatMap((id) => this.all.get(id) ?? []);
  }

  /** The box of many of this name, of the feed or folded here. */
  boxOf(id: string): GroupRecord | undefined {
    return this.folded.get(id)?.record ?? this.state?.group[id];
  }

  /** What is known of a task, drawn or shown in a box. */
  recordOf(id: string): TaskRecord | undefined {
    const here = this.state?.task[id];
    if (here) return here;
    for (const page of this.pages.values()) if (id in page.told) return page.told[id];
    return undefined;
  }

  /** Nodes and boxes to be drawn, parents before children as the feed has them. */
  private wanted(state: State): string[] {
    const base = this.fold === 'none' ? [...Object.keys(state.group), ...Object.keys(state.task).filter((id) => !state.task[id]?.group)] : [...this.folded.keys()];
    return [...base, ...[...this.pages.values()].flatMap((page) => page.ids)];
  }

  private compare(touched: Set<string>): Changes {
    const state = this.state as State;
    const frames = new Map<string, string>();
    for (const [box, page] of this.pages) for (const id of page.ids) frames.set(id, box);
    const changes: Changes = { put: [], gone: [] };
    for (const id of touched) {
      const node = this.make(state, id, frames.get(id) ?? null);
      const old = this.all.get(id);
      if (!node || (old && old.frame !== node.frame)) {
        if (this.all.delete(id)) changes.gone.push(id);
      }
      if (!node || (old && same(old, node))) continue;
      this.all.set(id, node);
      changes.put.push(node);
    }
    return changes;
  }

  private make(state: State, id: string, frame: string | null): GraphNode | null {
    const folded = this.folded.get(id)?.record;
    const group = folded ?? (this.fold === 'none' || frame !== null ? state.group[id] : undefined);
    if (group) {
      const label = groupName(state, group);
      const suffix = `×${count(total(group.counts))}`;
      return { id, label, suffix, state: leading(group.counts), counts: { ...group.counts }, parents: Object.keys(group.in), weights: { ...group.in }, cell: group.cell, frame, open: this.pages.has(id) };
    }
    const task = state.task[id] ?? (frame === null ? undefined : this.pages.get(frame)?.told[id]);
    if (!task || (frame === null && (task.group || this.fold !== 'none'))) return null;
    const label = labelOf(state, task);
    const told = frame === null ? undefined : this.pages.get(frame)?.told[id];
    const parents = (task.in ?? told?.in ?? []).map(String);
    return { id, label, suffix: `#${id}`, state: task.state, counts: null, progress: task.progress, parents, cell: task.cell, frame, open: false };
  }

  /** Of a box that was folded here: the page's part of what is in it now. */
  private turnLocal(box: string): void {
    const page = this.pages.get(box);
    const folded = this.folded.get(box);
    if (!page || !folded) return;
    page.total = folded.ids.length;
    page.ids = folded.ids.slice(page.offset, page.offset + PAGE);
  }

  private foldAll(state: State, fold: Fold): Map<string, { record: GroupRecord; ids: string[] }> {
    const folded = new Map<string, { record: GroupRecord; ids: string[] }>();
    const home = new Map<string, string>();
    this.depths = new Map();
    const parents = new Map<string, { [source: string]: number }>();
    const take = (id: string, fn: number, cell: number, depth: number, counts: Counts, sources: { [source: string]: number }): void => {
      const older = fn < 0 && !cell;
      const key = older ? 'older' : fold === 'cell' ? `cell ${cell}` : `function ${cell} ${fn} ${depth}`;
      const shown = older ? fn : fold !== 'cell' ? fn : cell ? -1 : OUTSIDE;
      let box = folded.get(key);
      if (!box) folded.set(key, (box = { record: { fn: shown, cell, depth, span: 1, counts: {}, in: {} }, ids: [] }));
      for (const [name, n] of Object.entries(counts) as [TaskState, number][]) box.record.counts[name] = (box.record.counts[name] ?? 0) + n;
      box.ids.push(id);
      home.set(id, key);
      parents.set(id, sources);
    };
    for (const [id, group] of Object.entries(state.group)) {
      this.depths.set(id, group.depth);
      take(id, group.fn, group.cell, group.depth, group.counts, group.in);
    }
    for (const [id, task] of Object.entries(state.task)) {
      if (task.group) continue;
      const sources: { [source: string]: number } = {};
      let depth = 0;
      for (const maker of task.in ?? []) {
        sources[maker] = 1;
        depth = Math.max(depth, 1 + (this.depths.get(String(maker)) ?? -1));
      }
      this.depths.set(id, depth);
      take(id, task.fn, task.cell, depth, { [task.state]: 1 }, sources);
    }
    for (const [id, sources] of parents) {
      const key = home.get(id) as string;
      const into = folded.get(key)?.record.in as { [source: string]: number };
      for (const [source, n] of Object.entries(sources)) {
        const from = home.get(source);
        if (from !== undefined && from !== key) into[from] = (into[from] ?? 0) + n;
      }
    }
    return folded;
  }
}

function touchedBy(delta: Delta): string[] {
  return [delta.del, delta.put].flatMap((verb) => [...namesIn(verb?.group), ...namesIn(verb?.task)]);
}

function namesIn(verb: string[] | { [key: string]: unknown } | undefined): string[] {
  return Array.isArray(verb) ? verb : Object.keys(verb ?? {});
}

function same(a: GraphNode, b: GraphNode): boolean {
  return (
    a.state === b.state && a.progress === b.progress && a.label === b.label && a.suffix === b.suffix && a.open === b.open && a.frame === b.frame &&
    a.parents.length === b.parents.length && a.parents.every((parent, i) => parent === b.parents[i]) && JSON.stringify(a.counts) === JSON.stringify(b.counts)
  );
}
