import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nothing } from '../src/feed/reducer.ts';
import { INSTALL, Missing, type Runtime, Runtimes, titleOf } from '../src/plugin/runtimes.ts';
import { inShort, statusIn, statusOf } from '../src/plugin/status.ts';

function list(answer: () => Runtime[], stopped: string[] = []): Runtimes {
  const source = { list: async () => ({ runtimes: answer() }), stop: async (name: string) => void stopped.push(name) };
  return new Runtimes(source, () => 60, () => true);
}

test('the runtime of a notebook is that of its kernel', async () => {
  const rows: Runtime[] = [{ name: 'a', kernels: ['k1', 'k2'] }, { name: 'b', title: 'b.ipynb', kernels: ['k3'] }];
  const runtimes = list(() => rows);
  let told = 0;
  runtimes.listen(() => (told += 1));
  await runtimes.refresh();
  await runtimes.refresh();
  assert.equal(told, 1, 'only news are told');
  assert.equal(runtimes.ofKernel('k2')?.name, 'a');
  assert.equal(runtimes.ofKernel('k9'), undefined);
  assert.equal(runtimes.ofKernel(undefined), undefined);
  assert.equal(titleOf(rows[1] as Runtime), 'b.ipynb');
  rows.pop();
  await runtimes.refresh();
  assert.equal(runtimes.named('b'), undefined);
  runtimes.dispose();
});

test('a server that does not know Treadle is said so once, with the command to run, and left in peace', async () => {
  let asked = 0;
  const runtimes = list(() => {
    asked += 1;
    throw new Missing(INSTALL);
  });
  await runtimes.refresh();
  await runtimes.refresh();
  assert.equal(asked, 1);
  assert.equal(runtimes.hint, INSTALL);
  assert.ok(runtimes.missing);
  runtimes.dispose();
});

test('a server that does not answer keeps the list as it was', async () => {
  let fails = false;
  const runtimes = list(() => {
    if (fails) throw new Error('502 Bad Gateway');
    return [{ name: 'a' }];
  });
  await runtimes.refresh();
  fails = true;
  await runtimes.refresh();
  assert.equal(runtimes.list.length, 1);
  assert.match(runtimes.hint, /502 Bad Gateway/);
  fails = false;
  await runtimes.refresh();
  assert.equal(runtimes.hint, '');
  runtimes.dispose();
});

test('the status in a few words', () => {
  const state = nothing();
  assert.equal(inShort(statusOf(state)), 'no workers yet');
  Object.assign(state.worker, { 1: { state: 'busy' }, 2: { state: 'idle' }, 3: { state: 'gone' } });
  Object.assign(state.function, { 1: { name: 'f', counts: { failed: 1200, waiting: 3, placed: 1 } } });
  assert.equal(inShort(statusOf(state)), '1/2 busy · 1,200 failed');
  assert.equal(statusOf(state).waiting, 4);
  Object.assign(state.session, { self: { held: 3 } });
  assert.equal(inShort(statusOf(state)), '1/2 busy · 3 held · 1,200 failed');
  assert.equal(statusOf(state).waiting, 1);
  assert.equal(statusIn({ name: 'a', workers: 2 }), null);
  assert.equal(inShort(statusIn({ name: 'a', workers: 2, busy: 2 }) as NonNullable<ReturnType<typeof statusIn>>), '2/2 busy');
});
