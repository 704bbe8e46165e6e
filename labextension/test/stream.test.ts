import assert from 'node:assert/strict';
import test from 'node:test';
import { nothing, type State } from '../src/feed/reducer.ts';
import { contrast, DARK, LIGHT } from '../src/page/theme.ts';
import { HUES } from '../src/stream/hues.ts';
import { busyShare, extentOf, type Lane, lanesOf, spanAt } from '../src/stream/lanes.ts';
import { LAST_S, ticks, TimeWindow } from '../src/stream/window.ts';

function state(): State {
  const made = nothing();
  made.worker = { '1': { state: 'busy' }, '2': { state: 'idle' }, '3': { state: 'gone' } };
  made.stream = {
    '2': { at: 104, w1: [[0, 10000, 1, 5], [10000, 5000, 2, 6, 2]] },
    '1': { at: 100, w1: [[-20000, 20000, 1, 4]], w9: [[0, 20000, 1, -300, 1, 5000]] },
  };
  made.task = { '7': { fn: 1, cell: 1, state: 'running', worker: 1, since: 106 }, '8': { fn: 1, cell: 1, state: 'done', worker: 1 } };
  return made;
}

test('lanes in the order of workers, spans in the order of time, what runs up to now', () => {
  const lanes = lanesOf(state(), 110);
  assert.deepEqual(lanes.map((lane) => lane.worker), [1, 2, 9], 'one that has gone and ran nothing is not shown');
  const first = lanes[0] as Lane;
  assert.deepEqual(first.spans.map((span) => [span.begin, span.end, span.number, span.ending]), [
    [98, 100, 4, 'done'],
    [104, 105, 5, 'done'],
    [105, 105.5, 6, 'failed'],
    [106, 110, 7, 'running'],
  ]);
  assert.deepEqual((lanes[2] as Lane).spans, [{ begin: 100, end: 102, fn: 1, number: 0, count: 300, ending: 'cancelled', busy: 0.5 }]);
  assert.deepEqual(extentOf(lanes), [98, 110]);
  assert.equal(extentOf([{ worker: 1, spans: [] }]), null);
});

test('what lies under the pointer, or beside it', () => {
  const lane = lanesOf(state(), 110)[0] as Lane;
  assert.equal(spanAt(lane, 99)?.number, 4);
  assert.equal(spanAt(lane, 103), null);
  assert.equal(spanAt(lane, 103.9, 0.2)?.number, 5);
  assert.equal(spanAt(lane, 105.6, 0.2)?.number, 6);
  assert.equal(spanAt(lane, 200), null);
});

test('how busy a worker was', () => {
  const [first, second, many] = lanesOf(state(), 110) as [Lane, Lane, Lane];
  assert.equal(busyShare(first, 98, 110), (2 + 1 + 0.5 + 4) / 12);
  assert.equal(busyShare(first, 99, 100), 1);
  assert.equal(busyShare(second, 0, 110), 0);
  assert.equal(busyShare(many, 101, 102), 0.25, 'many short ones: as much as they ran, not as long as it took');
});

test('the window follows, or stays where a person has put it', () => {
  const window = new TimeWindow();
  window.advance([0, 95], 100, true);
  assert.ok(window.from > 100 - LAST_S - 1 && window.from < 100 - LAST_S + 1);
  assert.ok(window.to > 100);
  window.advance([0, 95], 200, false);
  assert.ok(window.to < 100, 'nothing runs: it stays at the end of the last one');
  window.follows = 'all';
  window.advance([10, 95], 100, true);
  assert.ok(window.from < 10 && window.from > 5 && window.to > 100);
  window.zoom(2, 50);
  assert.equal(window.follows, null);
  const [from, to] = [window.from, window.to];
  window.advance([10, 95], 500, true);
  assert.deepEqual([window.from, window.to], [from, to]);
});

test('zooming keeps the moment under the pointer', () => {
  const window = new TimeWindow();
  [window.from, window.to] = [10, 20];
  window.zoom(4, 12.5);
  assert.deepEqual([window.from, window.to], [12.5 - 2.5 / 4, 12.5 + 7.5 / 4]);
  window.zoom(1e9, 12.5);
  assert.ok(window.length >= 0.002);
  window.show(100, 110);
  assert.deepEqual([window.from, window.to], [98.5, 111.5]);
  window.reveal(103, 104);
  assert.equal(window.from, 98.5, 'what is in view stays where it is');
  window.reveal(200, 201);
  assert.ok(window.from < 200 && window.to > 201 && Math.abs(window.length - 13) < 1e-9);
});

test('ticks are round, labelled and never crowded', () => {
  assert.deepEqual(ticks(100, 110, 100, 0.15).map((tick) => tick.label), ['0', '2 s', '4 s', '6 s', '8 s', '10 s']);
  assert.deepEqual(ticks(100.5, 100.52, 100, 0.2).map((tick) => tick.label), ['500 ms', '505 ms', '510 ms', '515 ms', '520 ms']);
  assert.deepEqual(ticks(159, 281, 100, 0.3).map((tick) => tick.label), ['1:00', '2:00', '3:00']);
  assert.deepEqual(ticks(100, 100 + 4 * 3600, 100, 0.3).map((tick) => tick.label), ['0', '2:00:00', '4:00:00']);
  assert.ok(ticks(90, 100, 100, 0.01).every((tick) => tick.at >= 100), 'nothing before the beginning');
});

test('the colours of functions can be told from the ground, and read upon', () => {
  for (const [hues, palette, text] of [[HUES.light, LIGHT, '#ffffff'], [HUES.dark, DARK, '#0b0f14']] as const) {
    assert.equal(new Set(hues).size, hues.length);
    for (const hue of hues) {
      assert.ok(contrast(hue, palette.bg) >= 3, `${hue} on ${palette.bg}`);
      assert.ok(contrast(text, hue) >= 4.5, `${text} on ${hue}: ${contrast(text, hue)}`);
    }
  }
});
