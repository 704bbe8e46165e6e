// What is exported: the graph as it stands and what the feed says beside it, as plain data. Pure.
import type { Counts, FailureRecord, State, TaskState, WorkerRecord } from '../feed/reducer.ts';
import type { Box } from '../graph/camera.ts';
import type { Frame, Still } from '../graph/paint.ts';
import { around, type Line, type Scene } from '../graph/scene.ts';
import { shorten, two } from '../words/format.ts';
import { countsOf } from '../words/states.ts';

export interface PictureNode {
  id: string;
  label: string;
  suffix: string;
  state: TaskState;
  counts: Counts | null;
  progress?: number | undefined;
  cell: number;
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Picture {
  name: string; // of the runtime, "" if it has none
  at: Date;
  counts: Counts;
  box: Box;
  nodes: PictureNode[];
  lines: Line[]; // as drawn
  edges: { from: string; to: string; weight: number }[];
  frames: Frame[];
  labels: Still['labels'];
  functions: { name: string; counts: Counts }[];
  workers: ({ worker: string } & WorkerRecord)[];
  failures: FailureRecord[];
}

/** The graph of `scene` with what `state` says besides. */
export function pictureOf(state: State, scene: Scene, still: { frames: Frame[]; labels: Still['labels'] }, at = new Date()): Picture {
  let box: Box | null = null;
  const nodes: PictureNode[] = [];
  const edges: Picture['edges'] = [];
  for (const node of scene.nodes.values()) {
    const { id, label, suffix, state: now, counts, progress, cell, x, y, w, h } = node;
    nodes.push({ id, label, suffix, state: now, counts, progress, cell, x, y, w, h });
    box = around(box, node);
    for (const parent of node.parents) if (scene.nodes.has(parent)) edges.push({ from: parent, to: id, weight: node.weights?.[parent] ?? 1 });
  }
  for (const frame of still.frames) box = around(box, { x: frame.box.x0, y: frame.box.y0, w: frame.box.x1 - frame.box.x0, h: frame.box.y1 - frame.box.y0 });
  for (const { x, y, text } of still.labels) box = around(box, { x, y: y - 12, w: 6 * text.length, h: 12 });
  const functions = Object.values(state.function).map(({ name, counts: some }) => ({ name, counts: { ...some } }));
  const workers = Object.entries(state.worker).map(([worker, { state: doing, reason, cpu, rss }]) => ({ worker, state: doing, ...(reason ? { reason: withoutPaths(reason) } : {}), cpu: cpu ?? 0, rss: rss ?? 0 }));
  return {
    name: String(state.session['self']?.['name'] ?? ''),
    at,
    counts: countsOf(state),
    box: box ?? { x0: 0, y0: 0, x1: 320, y1: 40 },
    nodes,
    lines: [...scene.lines.all()],
    edges,
    frames: still.frames,
    labels: still.labels,
    functions,
    workers,
    failures: state.failure.map(shown),
  };
}

/** A failure as others may see it: without folders, which name people and machines. */
function shown({ number, numbers, count, function: name, type, message, traceback, cell }: FailureRecord): FailureRecord {
  const words = { function: name, type, message: message && withoutPaths(message), traceback: traceback && withoutPaths(traceback), numbers, count, cell };
  return { number, ...Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined)) };
}

/** `text` with every absolute path cut to the name of its file. */
export function withoutPaths(text: string): string {
  return text.replace(/(?<![\w.:/\\])(?:[A-Za-z]:)?[/\\](?:[^/\\\s:"'<>|()[\],;]+[/\\])+(?=[^/\\\s:"'<>|()[\],;])/g, '');
}

/** "treadle-nb-1-2026-11-22-1402.svg": no character that a file system or a shell minds. */
export function fileName(picture: Picture, ending: string): string {
  const { at } = picture;
  const when = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}`;
  const name = picture.name.replace(/[^A-Za-z0-9_]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  return `treadle-${name ? `${name}-` : ''}${when}.${ending}`;
}

/** Text as XML and HTML take it: markup escaped, characters that XML forbids replaced. */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** `text` in one line and about so many characters. */
export function clipped(text: string, most: number): string {
  return shorten(text.replace(/\s+/g, ' '), Math.max(2, most));
}

/** `text` in one line, as wide as so many small letters at most: where the picture is drawn is not known, so nothing can be measured. */
export function fitted(text: string, most: number): string {
  const letters = [...text.replace(/\s+/g, ' ')];
  const widths = letters.map((letter) => (letter.length > 1 || letter >= '\u2e80' ? 2 : BROAD.test(letter) ? 1.4 : 1));
  if (widths.reduce((sum, width) => sum + width, 0) <= most) return letters.join('');
  let room = most - 1.2; // the dots
  const end = widths.findIndex((width) => (room -= width) < 0);
  return `${letters.slice(0, Math.max(1, end)).join('')}…`;
}

const BROAD = /[A-Zmw<>=+~@%&_]/;
