import assert from 'node:assert/strict';
import test from 'node:test';
import { clock, inBytes, inPercent, inSeconds, many, shorten, sinceThen, uncoloured } from '../src/words/format.ts';

test('durations have two or three figures', () => {
  const said: [number, string][] = [[0, '0 µs'], [3.5e-5, '35 µs'], [0.00123, '1.23 ms'], [0.0456, '45.6 ms'], [0.456, '456 ms'], [4.312, '4.31 s'], [43.12, '43.1 s'], [125, '2 min 5 s'], [11520, '3 h 12 min'], [-1, '0 µs']];
  for (const [seconds, words] of said) assert.equal(inSeconds(seconds), words);
  assert.equal(sinceThen(3.14159), '3.1 s');
  assert.equal(sinceThen(31.4), '31 s');
});

test('sizes, shares, counts', () => {
  assert.deepEqual([0, 999, 1500, 123456, 5 * 2 ** 20, 3.25 * 2 ** 30].map(inBytes), ['0 B', '999 B', '1 KB', '121 KB', '5.0 MB', '3.3 GB']);
  assert.deepEqual([0.004, 0.5, 1.2].map(inPercent), ['0 %', '50 %', '100 %']);
  assert.equal(many(1, 'task'), '1 task');
  assert.equal(many(12345, 'task'), '12,345 tasks');
  assert.equal(shorten('abcdef', 4), 'abc…');
  assert.equal(shorten('ab\ud83d\ude80def', 4), 'ab…', 'half a rocket is none');
});

test('the time of day', () => {
  const wall = new Date(2026, 1, 3, 4, 5, 6, 78).getTime() / 1000;
  assert.equal(clock(wall), '04:05:06');
  assert.equal(clock(wall, 2), '04:05:06.07');
});

test('what a terminal would colour is plain text', () => {
  assert.equal(uncoloured('\x1b[1;31mred\x1b[0m and \x1b[2Kplain [1]'), 'red and plain [1]');
});
