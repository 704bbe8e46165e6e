import assert from 'node:assert/strict';
import test from 'node:test';
import { sayProgress } from '../src/words/states.ts';

test('how far a task says it is, in words', () => {
  const task = { fn: 1, cell: 1, state: 'running' } as const;
  assert.equal(sayProgress(task), '');
  assert.equal(sayProgress({ ...task, progress: 0.429 }), '42 %');
  assert.equal(sayProgress({ ...task, text: 'epoch 3' }), 'epoch 3');
  assert.equal(sayProgress({ ...task, progress: 1, text: 'epoch 3' }), '100 %, epoch 3');
});
