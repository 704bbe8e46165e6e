import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorIn, anchorOf, lacking, type Piece } from '../src/plugin/anchors.ts';
import { lineHtml, lineText } from '../src/plugin/line.ts';

const LINE = '<div class="treadle-line treadle-line-0a1b treadle-in-7f3c treadle-tasks-3-40 treadle-of-5 treadle-open" style="x">38 running</div>';

test('the classes of a line say whose tasks it tells of', () => {
  assert.deepEqual(anchorIn(LINE), { kind: 'line', display: 'treadle-line-0a1b', epoch: '7f3c', tasks: [3, 40], cell: 5, open: true });
  assert.deepEqual(anchorIn([' <div class="treadle-view treadle-view-9z"', '>']), { kind: 'view', display: 'treadle-9z', epoch: '', tasks: null, cell: 0, open: false });
  assert.deepEqual(anchorOf('treadle-card treadle-card-x treadle-in-e'), { kind: 'card', display: 'treadle-card-x', epoch: 'e', tasks: null, cell: 0, open: false });
  for (const other of ['', 'jp-x treadle-line', 'treadle-cancel treadle-tasks-1-2', undefined, '<b class="treadle-line">']) assert.equal(anchorIn(other), null);
});

test('a line made of what the runtime says is found again and says as of when', () => {
  const anchor = anchorIn(LINE);
  assert.ok(anchor);
  const html = lineHtml(anchor, { counts: { running: 2, waiting: 1, placed: 1, done: 210, failed: 2 }, at: '14:02:31' });
  assert.deepEqual(anchorIn(html), anchor);
  assert.match(html, /2 running · 2 waiting · 210 done · <span [^>]*>2 failed<\/span>/);
  assert.match(html, /as of 14:02:31 <span class="treadle-cancel treadle-tasks-3-40">· cancel/);
  const ended = { counts: { done: 38 }, at: '14:02:31' };
  assert.equal(anchorIn(lineHtml(anchor, ended))?.open, false);
  assert.doesNotMatch(lineHtml(anchor, ended), /as of/);
  assert.equal(lineText(ended), '38 done');
});

function shown(text: string, ...displays: string[]): { text: string; has(display: string): boolean } {
  return { text, has: (display) => displays.includes(display) };
}

test('of what was told only what a cell lacks is added', () => {
  const pieces: Piece[] = [
    { stream: 'stdout', text: 'one\n' },
    { display: 'treadle-line-1', data: { 'text/html': '<div>' } },
    { stream: 'stdout', text: 'two\n' },
    { stream: 'stdout', text: 'one\n' },
  ];
  assert.deepEqual(lacking(pieces, shown('')), pieces);
  assert.deepEqual(lacking(pieces, shown('one\nthe cell itself\n', 'treadle-line-1')), pieces.slice(2));
  assert.deepEqual(lacking(pieces, shown('one\ntwo\none\n', 'treadle-line-1')), []);
  assert.deepEqual(lacking(pieces, shown('one\ntwo\n', 'treadle-line-1')), pieces.slice(3), 'the same words twice are two');
  assert.deepEqual(lacking([{ stream: 'stdout', text: ' 10 %\r 20 %\r 30 %\n' }], shown(' 30 %\n')), [], 'a line that was rewritten');
});
