import assert from 'node:assert/strict';
import test from 'node:test';
import type { FunctionRecord } from '../src/feed/reducer.ts';
import { type Column, pressed, sorted } from '../src/view/sorting.ts';

const rows: [string, FunctionRecord][] = [
  ['1', { name: 'load', counts: { done: 3 }, mean: 0.5, p95: 0.9, total: 1.5 }],
  ['2', { name: 'case 10', counts: { done: 1, failed: 4 }, mean: 2, p95: 2, total: 2 }],
  ['3', { name: 'case 9', counts: { running: 2 } }],
];

function order(column: Column, down: boolean): string[] {
  return sorted(rows, { column, down }).map(([key]) => key);
}

test('functions by any column', () => {
  assert.deepEqual(order('count', true), ['2', '1', '3']);
  assert.deepEqual(order('failed', true), ['2', '1', '3']);
  assert.deepEqual(order('mean', true), ['2', '1', '3'], 'what is not known comes last');
  assert.deepEqual(order('p95', false), ['3', '1', '2']);
  assert.deepEqual(order('name', false), ['3', '2', '1'], 'numbers in names count as numbers');
  assert.deepEqual(rows.map(([key]) => key), ['1', '2', '3'], 'what was given is left as it was');
});

test('pressing a head once sorts by it, twice turns it round', () => {
  const first = pressed({ column: 'name', down: false }, 'total');
  assert.deepEqual(first, { column: 'total', down: true });
  assert.deepEqual(pressed(first, 'total'), { column: 'total', down: false });
  assert.deepEqual(pressed(first, 'name'), { column: 'name', down: false });
});
