import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { nothing, reduce } from '../src/feed/reducer.ts';

const golden = join(process.cwd(), '..', 'tests', 'feed', 'golden');
const files = readdirSync(golden).filter((name) => name.endsWith('.json'));

test('there are golden files', () => assert.ok(files.length >= 8));

for (const name of files) {
  test(`golden: ${name}`, () => {
    const { deltas, taken, state } = JSON.parse(readFileSync(join(golden, name), 'utf8'));
    const mine = nothing();
    assert.deepEqual(deltas.map((delta: never) => reduce(mine, delta)), taken);
    assert.deepEqual(mine, state);
  });
}
