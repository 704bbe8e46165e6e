import assert from 'node:assert/strict';
import test from 'node:test';
import { nothing } from '../src/feed/reducer.ts';
import { type Answer, type Commands, type Link, Refused } from '../src/link/link.ts';
import { visible } from '../src/page/dom.ts';
import { matchesSpan } from '../src/stream/matches.ts';
import { Actions, failedLike } from '../src/view/actions.ts';
import { dataIn, factsOfTask } from '../src/view/facts.ts';
import { headline, placeOf } from '../src/view/headline.ts';

test('failures that are alike, as people read them', () => {
  const failure = { number: 17, type: 'ValueError', function: 'f', place: '[5] line 3' };
  assert.equal(headline({ ...failure, count: 98, numbers: [17, 18] }), '98 x ValueError, f, [5] line 3');
  assert.equal(headline(failure), 'ValueError, f #17, [5] line 3');
  assert.equal(headline({ number: 2 }), 'Error, task #2');
  const frames: [string, number, string][] = [['/home/ann/job.py', 7, 'f'], ['/usr/lib/python3.11/json/decoder.py', 355, 'decode']];
  assert.equal(placeOf({ number: 1, frames }), 'job.py line 7', 'the last line that is no library’s');
  assert.equal(placeOf({ number: 1, frames: [['/tmp/ipykernel_7/123.py', 3, 'f']] }), 'line 3', 'the file of a cell tells nobody anything');
  assert.equal(placeOf({ number: 1, cell: 4 }), '[4]');
});

function played(reply: () => Promise<Answer>, queued = false): { said: [string, boolean][]; actions: Actions } {
  const said: [string, boolean][] = [];
  const link: Link = { name: 'live', queued, send: () => {}, listen: () => () => {} };
  return { said, actions: new Actions({ ask: reply } as unknown as Commands, link) };
}

test('each command says in one line what came of it', async () => {
  const { said, actions } = played(async () => ({ total: 3, refused: [[9, 'no longer kept']], note: 'with the code it was submitted with' }));
  assert.equal(await actions.retry({ numbers: [1, 2, 3, 9] }, (...line) => said.push(line)), true);
  assert.deepEqual(said, [
    ['Trying again…', false],
    ["3 tasks are tried again, with the code it was submitted with. 1 other can't be.", false],
  ]);
});

test('what stands in a row of failures is asked for as a whole, though the feed names the first few', () => {
  assert.deepEqual(failedLike({ number: 4, numbers: [4, 9], count: 2 }, 4), { numbers: [4, 9] });
  assert.deepEqual(failedLike({ number: 4, numbers: [4, 9], count: 3000 }, 4), { numbers: [4, 9], alike: 4 });
  assert.deepEqual(failedLike(undefined, 7), { numbers: [7] }, 'its row was dropped');
});

test('a command that waits for the running cell says so, and one that is refused says why', async () => {
  const { said, actions } = played(() => Promise.reject(new Refused('There is nothing to cancel.')), true);
  assert.equal(await actions.cancel([7], (...line) => said.push(line)), false);
  assert.deepEqual(said, [
    ['Cancelling: waits for the running cell.', false],
    ['There is nothing to cancel.', true],
  ]);
});

test('facts of a task: from the feed at once, the rest from the answer', () => {
  const state = nothing();
  state.task = { '4': { fn: 1, cell: 3, state: 'running', worker: 2, since: 100, progress: 0.5 }, '5': { fn: 1, cell: 3, state: 'waiting' } };
  assert.deepEqual(factsOfTask(state, '4', {}, 112), [['state', 'running'], ['cell', '[3]'], ['worker', '2'], ['running for', '12 s'], ['progress', '50 %']]);
  const waits = new Map(factsOfTask(state, '5', { why: 'f #5 is waiting.', attempt: 2, born: 1e9 }, 112));
  assert.equal(waits.get('why'), 'f #5 is waiting.');
  assert.equal(waits.get('attempt'), '2');
  assert.ok(waits.has('submitted'));
  state.failure = [{ number: 9, numbers: [9, 11], type: 'ValueError', message: 'no' }];
  assert.deepEqual(factsOfTask(state, '11', { why: 'f #11 failed.' }, 0), [['state', 'failed'], ['error', 'ValueError: no']], 'the error says why');
});

test('what comes may be anything', () => {
  assert.deepEqual(dataIn('no list'), []);
  assert.deepEqual(dataIn([{ maker: 'x', label: 7 }]), [{ maker: 0, label: '7', nbytes: 0, state: '', place: '' }]);
});

test('the filter on what has run', () => {
  const state = nothing();
  state.function = { '1': { name: 'solve', counts: {} } };
  state.task = { '7': { fn: 1, cell: 3, state: 'done', title: 'case A' } };
  const span = { begin: 0, end: 1, fn: 1, number: 7, count: 1, ending: 'done', busy: 1 } as const;
  const found = (filter: Parameters<typeof matchesSpan>[1]): boolean => matchesSpan(state, filter, span);
  assert.ok(found(null) && found({ text: 'SOL' }) && found({ text: 'case a' }) && found({ text: '#7' }) && found({ fn: 1, cell: 3, state: 'done' }));
  assert.ok(!found({ fn: 2 }) && !found({ cell: 4 }) && !found({ state: 'failed' }) && !found({ text: 'mean' }));
});

test('what would turn or hide its neighbours is spelled out', () => {
  assert.equal(visible('a\u202eb\x1b[31m\tc\n<i>d'), 'a\\u202eb\\x1b[31m\tc\n<i>d');
});
