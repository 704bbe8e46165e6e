import assert from 'node:assert/strict';
import test from 'node:test';
import { COLUMN_GAP, Layered, NODE_W, type NewNode, type Place } from '../src/layout/layered.ts';
import { Slots, spread } from '../src/layout/slots.ts';

const node = (id: number, parents: number[] = [], cell = 1): NewNode => ({ id: String(id), parents: parents.map(String), cell, group: false });
const box = (places: Iterable<Place>): { w: number; h: number } => {
  const all = [...places];
  return { w: Math.max(...all.map((p) => p.x + NODE_W)), h: Math.max(...all.map((p) => p.y + p.h)) };
};

function noOverlap(layout: Layered): void {
  const all = [...layout.places.values()].sort((a, b) => a.y - b.y);
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length && (all[j] as Place).y < (all[i] as Place).y + (all[i] as Place).h; j++) {
      assert.ok(Math.abs((all[i] as Place).x - (all[j] as Place).x) >= NODE_W, `${all[i]?.id} and ${all[j]?.id} overlap`);
    }
  }
}

function random(seed: number): () => number {
  return () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);
}

test('slots: the nearest free one, each once, given back ones again', () => {
  const slots = new Slots();
  assert.deepEqual([5, 5, 5, 5].map((at) => slots.take(at)), [5, 6, 4, 7]);
  slots.give(5);
  assert.equal(slots.take(5), 5);
  assert.deepEqual([0, 0, 0].map((at) => slots.take(at)), [0, 1, 2]);
});

test('spread keeps order and distance and moves as little as can be', () => {
  assert.deepEqual(spread([0, 5, 9]), [0, 5, 9]);
  assert.deepEqual(spread([4, 4, 4]), [3, 4, 5]);
});

test('drawn nodes never move, whatever comes, and none overlap', () => {
  const rng = random(7);
  const layout = new Layered();
  const seen = new Map<string, string>();
  for (let turn = 0, id = 0; turn < 60; turn++) {
    const batch: NewNode[] = [];
    for (let i = 0; i < 1 + rng() * 30; i++, id++) {
      const parents = id && rng() < 0.8 ? [Math.floor(rng() * id), Math.floor(rng() * id)] : [];
      batch.push(node(id, parents, Math.floor(turn / 4)));
    }
    layout.add(batch);
    if (turn % 7 === 6) {
      const gone = String(Math.floor(rng() * id));
      layout.remove(gone);
      seen.delete(gone);
    }
    for (const [key, at] of seen) assert.equal(JSON.stringify([layout.places.get(key)?.x, layout.places.get(key)?.y]), at);
    for (const [key, place] of layout.places) seen.set(key, JSON.stringify([place.x, place.y]));
  }
  noOverlap(layout);
});

test('children stand right of their parents', () => {
  const layout = new Layered();
  layout.add([node(1), node(2, [1]), node(3, [1]), node(4, [2, 3])]);
  const x = (id: number): number => (layout.places.get(String(id)) as Place).x;
  assert.ok(x(1) < x(2) && x(2) === x(3) && x(3) < x(4));
});

test('200 cases and their mean look like a block, not like a line; the mean stands at its middle', () => {
  const layout = new Layered();
  const cases = Array.from({ length: 200 }, (_, i) => node(i + 2, [1]));
  layout.add([node(1), ...cases, node(300, cases.map((c) => Number(c.id)))]);
  const { w, h } = box(layout.places.values());
  assert.ok(w / h > 0.8 && w / h < 3, `${w} x ${h}`);
  const middle = (layout.places.get('300') as Place).y;
  assert.ok(Math.abs(middle - h / 2) < h / 6, `${middle} of ${h}`);
  assert.ok(Math.abs((layout.places.get('1') as Place).y - h / 2) < h / 6);
  noOverlap(layout);
});

test('a long chain goes on below, like a line of text', () => {
  const layout = new Layered();
  layout.add(Array.from({ length: 24 }, (_, i) => node(i, i ? [i - 1] : [])));
  for (let i = 24; i < 40; i++) layout.add([node(i, [i - 1])]);
  const { w, h } = box(layout.places.values());
  assert.ok(w < 1800 && h < 400, `${w} x ${h}`);
  noOverlap(layout);
});

test('an independent cell begins a strip below, a dependent one goes on to the right', () => {
  const layout = new Layered();
  layout.add([node(1, [], 1), node(2, [1], 1)]);
  layout.add([node(3, [2], 2)]);
  layout.add([node(4, [], 3)]);
  const at = (id: number): Place => layout.places.get(String(id)) as Place;
  assert.equal(at(3).strip, at(2).strip);
  assert.ok(at(4).y > at(3).y && at(4).x === at(1).x);
});

test('2,000 nodes are placed within a frame or two', () => {
  const layout = new Layered();
  const began = process.cpuUsage();
  layout.add(Array.from({ length: 2000 }, (_, i) => node(i, i > 50 ? [i - 50, i - 49] : [])));
  assert.ok(process.cpuUsage(began).user < 300_000);
  noOverlap(layout);
  assert.ok(COLUMN_GAP > 0);
});
