import assert from 'node:assert/strict';
import test from 'node:test';
import { nothing, reduce, type Delta, type State, type TaskRecord } from '../src/feed/reducer.ts';
import { bends } from '../src/graph/lines.ts';
import { type Changes, type GraphNode, membersFrom, Nodes } from '../src/graph/nodes.ts';
import { Scene } from '../src/graph/scene.ts';
import { Sheet } from '../src/graph/sheet.ts';
import { Walk } from '../src/graph/walk.ts';
import { Layered } from '../src/layout/layered.ts';
import { matcher } from '../src/words/filter.ts';

type Table = { [key: string]: { [field: string]: unknown } };
const delta = (put: { task?: Table; group?: Table; function?: Table }, seq = 0, more: Partial<Delta> = {}): Delta => ({ feed: 1, epoch: 'e', seq, ...(seq ? {} : { reset: true }), put, ...more });
const task = (fn: number, state: string, cell = 1, ...makers: (number | string)[]): { [field: string]: unknown } => ({ fn, cell, state, ...(makers.length ? { in: makers } : {}) });
const FUNCTIONS = { '1': { name: 'load', counts: {} }, '2': { name: 'solve', counts: {} } };

function given(put: { task?: Table; group?: Table }): { state: State; nodes: Nodes; changes: Changes } {
  const state = nothing();
  const first = delta({ ...put, function: FUNCTIONS });
  assert.ok(reduce(state, first));
  const nodes = new Nodes();
  return { state, nodes, changes: nodes.update(state, first) };
}

const ids = (changes: Changes): string[] => changes.put.map((node) => node.id);

test('a sheet finds what touches a part of it, each thing once, however it is cut', () => {
  const sheet = new Sheet<{ name: string }>();
  const thing = { name: 'wide' };
  const other = { name: 'far away' };
  const huge = { name: 'everywhere' };
  sheet.put(thing, { x0: 400, y0: 0, x1: 1400, y1: 10 });
  sheet.put(other, { x0: -90_000, y0: -90_000, x1: -89_999, y1: -89_999 });
  sheet.put(huge, { x0: -1e6, y0: -1e6, x1: 1e6, y1: 1e6 });
  const found = (x0: number, y0: number, x1: number, y1: number): string[] => [...sheet.find({ x0, y0, x1, y1 })].map(({ name }) => name).sort();
  assert.deepEqual(found(0, 0, 2000, 100), ['everywhere', 'wide']);
  assert.deepEqual(found(-91_000, -91_000, -89_000, -89_000), ['everywhere', 'far away']);
  sheet.put(thing, { x0: -90_000, y0: -90_000, x1: -89_990, y1: -89_990 });
  assert.deepEqual(found(0, 0, 2000, 100), ['everywhere']);
  sheet.remove(huge);
  assert.deepEqual([sheet.size, found(0, 0, 2000, 100).length], [2, 0]);
});

test('in 100,000 nodes a window of them is found without looking at the others', () => {
  const sheet = new Sheet<object>();
  for (let i = 0; i < 100_000; i++) {
    const [x, y] = [(i % 320) * 154, Math.floor(i / 320) * 38];
    sheet.put({}, { x0: x, y0: y, x1: x + 142, y1: y + 28 });
  }
  const began = process.cpuUsage();
  let seen = 0;
  for (let turn = 0; turn < 100; turn++) seen = sheet.find({ x0: 9000 + turn, y0: 5000, x1: 10_300, y1: 5700 }).size;
  assert.ok(process.cpuUsage(began).user < 200_000, 'a hundred looks took more than 0.2 s');
  assert.ok(seen > 150 && seen < 600, String(seen));
});

test('tasks and boxes are drawn; a task of a box only where the box is open', () => {
  const { changes, nodes, state } = given({
    group: { g1: { fn: 1, cell: 1, depth: 0, span: 1, counts: { done: 2998, running: 2 }, in: {} } },
    task: { '7': { ...task(1, 'running'), group: 'g1' }, '4000': task(2, 'waiting', 2, 'g1') },
  });
  assert.deepEqual(ids(changes), ['g1', '4000']);
  assert.deepEqual([nodes.all.get('g1')?.suffix, nodes.all.get('g1')?.state, nodes.all.get('4000')?.parents], ['×3,000', 'running', ['g1']]);
  assert.equal(nodes.open('g1', 0), false, 'the runtime is to be asked');
  nodes.take(membersFrom({ group: 'g1', offset: 0, total: 3000, tasks: { '6': task(1, 'done'), '7': task(1, 'ready', 1, 6) } }));
  const opened = nodes.settle();
  assert.deepEqual(ids(opened).sort(), ['6', '7', 'g1']);
  const seven = nodes.all.get('7') as GraphNode;
  assert.deepEqual([seven.state, seven.parents, seven.frame], ['running', ['6'], 'g1'], 'what the feed says is newer');
  nodes.take(membersFrom({ group: 'g1', offset: 2, total: 3000, tasks: { '8': task(1, 'done') } }));
  const turned = nodes.settle();
  assert.deepEqual([turned.gone.sort(), ids(turned)], [['6', '7'], ['8']]);
  const next = delta({ group: { g1: { counts: { done: 2999, running: 1 } } }, task: { '8': { ...task(1, 'running'), group: 'g1' } } }, 1);
  assert.ok(reduce(state, next));
  assert.deepEqual(ids(nodes.update(state, next)), ['g1', '8']);
  nodes.close('g1');
  const closed = nodes.settle();
  assert.deepEqual([closed.gone, ids(closed), nodes.all.get('g1')?.open], [['8'], ['g1'], false]);
});

test('an open box closes when the feed no longer has it', () => {
  const { nodes, state } = given({ group: { g1: { fn: 1, cell: 1, depth: 0, span: 1, counts: { done: 9 }, in: {} } } });
  nodes.take({ group: 'g1', offset: 0, total: 9, tasks: { '1': task(1, 'done') as unknown as TaskRecord } });
  nodes.update(state);
  const next = delta({}, 1, { del: { group: ['g1'] } });
  assert.ok(reduce(state, next));
  assert.deepEqual(nodes.update(state, next).gone.sort(), ['1', 'g1']);
  assert.equal(nodes.pages.size, 0);
  assert.throws(() => membersFrom({ error: 'x' }), /not known/);
});

test('folded by function and depth, and by cell, with edges and counts of all', () => {
  const { nodes } = given({
    task: { '1': task(1, 'done'), '2': task(1, 'done'), '3': task(2, 'running', 1, 1, 2), '4': task(2, 'waiting', 1, 3), '5': task(2, 'waiting', 2, 4) },
  });
  const byFunction = nodes.foldBy('function');
  assert.deepEqual(byFunction.gone, ['1', '2', '3', '4', '5']);
  assert.deepEqual(
    byFunction.put.map(({ label, suffix, parents }) => `${label} ${suffix} <- ${parents.length}`),
    ['load ×2 <- 0', 'solve ×1 <- 1', 'solve ×1 <- 1', 'solve ×1 <- 1'],
  );
  assert.deepEqual(Object.values(byFunction.put[1]?.weights ?? {}), [2]);
  const byCell = nodes.foldBy('cell');
  assert.deepEqual(byCell.put.map(({ label, counts }) => [label, counts]), [['cell [1]', { done: 2, running: 1, waiting: 1 }], ['cell [2]', { waiting: 1 }]]);
  assert.equal(nodes.open('cell 1', 0), true, 'what is in it is here');
  const { state } = given({});
  assert.ok(state);
  assert.deepEqual([...nodes.pages.get('cell 1')?.ids ?? []], ['1', '2', '3', '4']);
});

test('tasks outside of cells and the box of older ones do not fall together', () => {
  const { nodes } = given({
    group: { g1: { fn: -1, cell: 0, depth: 0, span: 1, counts: { done: 50 }, in: {} } },
    task: { '60': task(1, 'done', 0) },
  });
  assert.equal(nodes.all.get('g1')?.label, 'older tasks');
  assert.deepEqual(nodes.foldBy('cell').put.map(({ label, suffix }) => `${label} ${suffix}`), ['older tasks ×50', 'outside cells ×1']);
});

test('what is looked for: words, number, state, function, cell; a box matches if some of it may', () => {
  const { state } = given({
    group: { g1: { fn: 1, cell: 1, depth: 0, span: 1, counts: { done: 3, failed: 1 }, in: {} }, g2: { fn: -1, cell: 0, depth: 0, span: 1, counts: { done: 3 }, in: {} } },
    task: { '17': { ...task(2, 'running', 3), title: 'Case 17 of 99' } },
  });
  const match = (filter: Parameters<typeof matcher>[1], id: string): boolean | undefined => matcher(state, filter)?.(id);
  assert.equal(matcher(state, { text: '  ' }), null);
  assert.deepEqual([match({ text: 'case SOLVE' }, '17'), match({ text: '#17' }, '17'), match({ text: '18' }, '17')], [true, true, false]);
  assert.deepEqual([match({ state: 'failed' }, 'g1'), match({ state: 'failed' }, '17'), match({ state: 'running' }, 'g1')], [true, false, false]);
  assert.deepEqual([match({ fn: 1 }, 'g1'), match({ fn: 1 }, '17'), match({ fn: 1 }, 'g2'), match({ cell: 3 }, '17'), match({ cell: 3 }, 'g1')], [true, false, true, true, false]);
});

function drawn(put: { task: Table }): { scene: Scene; layout: Layered } {
  const { changes } = given(put);
  const layout = new Layered();
  layout.add(changes.put.map((node) => ({ id: node.id, parents: node.parents, cell: node.cell, group: false })));
  const scene = new Scene();
  for (const node of changes.put) scene.put(node, layout.places.get(node.id) as NonNullable<ReturnType<typeof layout.places.get>>);
  return { scene, layout };
}

test('a line begins at a node, also where its row of the block is not full', () => {
  const cases = Object.fromEntries(Array.from({ length: 23 }, (_, i) => [String(i + 2), task(2, 'done', 1, 1)]));
  const { scene } = drawn({ task: { '1': task(1, 'done'), ...cases, '500': task(1, 'waiting', 1, ...Object.keys(cases).map(Number)) } });
  const ends = new Set([...scene.nodes.values()].map(({ x, y, w, h }) => `${x + w} ${y + h / 2}`));
  const lines = [...scene.lines.all()];
  assert.ok(lines.some((line) => line.from < line.x0), 'a row is not full');
  for (const line of lines) assert.ok(ends.has(`${line.from} ${line.y0}`), `${line.from} ${line.y0}`);
});

test('edges of a block that run along one line are one line with their weight', () => {
  const cases = Object.fromEntries(Array.from({ length: 240 }, (_, i) => [String(i + 2), task(2, 'done', 1, 1)]));
  const { scene } = drawn({ task: { '1': task(1, 'done'), ...cases, '500': task(1, 'waiting', 1, ...Object.keys(cases).map(Number)) } });
  assert.ok(scene.lines.size < 80, `${scene.lines.size} lines for 480 edges`);
  assert.equal([...scene.lines.all()].reduce((sum, line) => sum + line.weight, 0), 480);
  scene.remove('500');
  assert.equal([...scene.lines.all()].reduce((sum, line) => sum + line.weight, 0), 240);
  scene.remove('1');
  assert.equal(scene.lines.size, 0);
  assert.equal(scene.nodes.size, 240);
});

test('a line begins and ends at its nodes, whichever way it goes', () => {
  const [x0, y0, , , , , x1, y1] = bends({ from: 10, x0: 10, y0: 20, x1: 300, y1: 80, down: false, weight: 1, users: 1 }, 5);
  assert.deepEqual([x0, y0, x1, y1], [10, 20, 295, 80]);
  const down = bends({ from: 10, x0: 10, y0: 20, x1: 300, y1: 80, down: true, weight: 1, users: 1 }, 5);
  assert.deepEqual(down.slice(-2), [300, 75]);
});

test('what lies under the pointer', () => {
  const { scene } = drawn({ task: { '1': task(1, 'done'), '2': task(2, 'done', 1, 1) } });
  const two = scene.nodes.get('2') as NonNullable<ReturnType<typeof scene.nodes.get>>;
  assert.equal(scene.at(two.x + 3, two.y + 3)?.id, '2');
  assert.equal(scene.at(two.x - 3, two.y + 3), null);
});

test('arrows go to makers, readers and neighbours, and back the way one came', () => {
  const { scene, layout } = drawn({
    task: { '1': task(1, 'done'), '2': task(2, 'done', 1, 1), '3': task(2, 'done', 1, 1), '4': task(2, 'done', 1, 2, 3), '5': task(1, 'done', 2) },
  });
  const walk = new Walk();
  const go = (from: string | null, key: Parameters<Walk['step']>[3]): string | null => walk.step(layout, scene, from, key);
  assert.equal(go(null, 'ArrowRight'), '1');
  assert.equal(go('1', 'ArrowRight'), '2');
  assert.equal(go('2', 'ArrowDown'), '3');
  assert.equal(go('3', 'ArrowRight'), '4');
  assert.equal(go('4', 'ArrowLeft'), '3', 'not 2: one came from 3');
  assert.equal(go('3', 'ArrowUp'), '2');
  assert.equal(go('3', 'ArrowDown'), '5', 'the next cell');
  assert.equal(go('5', 'ArrowUp'), '4');
  assert.equal(go('5', 'ArrowLeft'), null);
  assert.deepEqual([go('3', 'Home'), go('3', 'End')], ['1', '5']);
});
