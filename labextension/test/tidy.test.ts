import assert from 'node:assert/strict';
import test from 'node:test';
import { Layered, type NewNode, type Place } from '../src/layout/layered.ts';
import { edgeLength, tidy } from '../src/layout/tidy.ts';

const node = (id: string, parents: string[] = [], cell = 1): NewNode => ({ id, parents, cell, group: false });

function noOverlap(layout: Layered): void {
  const all = [...layout.places.values()].sort((a, b) => a.y - b.y);
  all.forEach((one, i) => {
    for (let j = i + 1; j < all.length && (all[j] as Place).y < one.y + one.h; j++) {
      const other = all[j] as Place;
      assert.ok(other.x >= one.x + one.w || one.x >= other.x + other.w, `${one.id} and ${other.id} overlap`);
    }
  });
}

test('chains that came crossed run straight after a tidy', () => {
  const width = 8;
  const nodes: NewNode[] = [];
  for (let layer = 0; layer < 5; layer++) {
    for (let i = 0; i < width; i++) nodes.push(node(`${layer}.${(i * 5 + layer * 3) % width}`, layer ? [`${layer - 1}.${(i * 5 + layer * 3) % width}`] : []));
  }
  const online = new Layered();
  for (let i = 0; i < nodes.length; i += 3) online.add(nodes.slice(i, i + 3)); // as they come: the order of the first decides
  const after = tidy(nodes);
  assert.equal(after.places.size, nodes.length);
  assert.ok(edgeLength(after, nodes) <= edgeLength(online, nodes));
  assert.equal(edgeLength(after, nodes), 0);
  noOverlap(after);
});

test('a tidy never makes it worse, loses nobody and leaves no overlap', () => {
  let seed = 11;
  const rng = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let turn = 0; turn < 15; turn++) {
    const nodes: NewNode[] = [];
    for (let i = 0; i < 200; i++) {
      const parents = i && rng() < 0.8 ? [String(Math.floor(rng() * i)), String(Math.floor(rng() * i))] : [];
      nodes.push(node(String(i), [...new Set(parents)], Math.floor(i / 70)));
    }
    const plain = new Layered();
    plain.add(nodes);
    const after = tidy(nodes);
    assert.equal(after.places.size, 200);
    assert.ok(edgeLength(after, nodes) <= edgeLength(plain, nodes));
    noOverlap(after);
  }
});

test('after a tidy the layout goes on online: nobody moves', () => {
  const layout = tidy([node('1'), node('2', ['1']), node('3', ['1'])]);
  const before = JSON.stringify([...layout.places.values()].map(({ x, y }) => [x, y]));
  layout.add([node('4', ['2', '3']), node('5', [], 2)]);
  assert.equal(JSON.stringify([...layout.places.values()].slice(0, 3).map(({ x, y }) => [x, y])), before);
  noOverlap(layout);
});

test('the nodes of an open box stand in a frame of their own; others come after it, none moves', () => {
  const layout = new Layered();
  layout.add([{ id: 'g1', parents: [], cell: 1, group: true }]);
  const page = (from: number): NewNode[] => Array.from({ length: 100 }, (_, i) => node(String(from + i)));
  layout.addFrame('g1', page(0));
  const frame = layout.frameBox('g1');
  assert.ok(frame && frame.y0 >= 70, 'below the box');
  layout.add([node('900', ['g1'], 2)]);
  const at = layout.places.get('900') as Place;
  assert.ok(at.y > frame.y1, 'below the frame');
  for (let i = 0; i < 100; i++) layout.remove(String(i));
  layout.addFrame('g1', page(100));
  assert.deepEqual(layout.frameBox('g1'), frame, 'the next page takes the place of the last one');
  assert.equal(layout.places.get('900'), at);
  noOverlap(layout);
});

test('a frame that grows while it is the last keeps its nodes where they are', () => {
  const layout = new Layered();
  const some = Array.from({ length: 30 }, (_, i) => node(String(i)));
  layout.addFrame('cell 1', some);
  const before = new Map([...layout.places].map(([id, { x, y }]) => [id, `${x} ${y}`]));
  layout.addFrame('cell 1', [...some, ...Array.from({ length: 30 }, (_, i) => node(String(30 + i), [String(i)]))]);
  for (const [id, at] of before) assert.equal(`${layout.places.get(id)?.x} ${layout.places.get(id)?.y}`, at);
  assert.equal(layout.places.size, 60);
  noOverlap(layout);
});

test('a strip that has become empty is used again', () => {
  const layout = new Layered();
  layout.add(Array.from({ length: 60 }, (_, i) => node(String(i), [], 1)));
  layout.add([node('100', [], 2)]);
  for (let i = 0; i < 60; i++) layout.remove(String(i));
  layout.add([{ id: 'g1', parents: [], cell: 1, group: true }]);
  assert.equal(layout.places.get('g1')?.y, 0);
  noOverlap(layout);
});
