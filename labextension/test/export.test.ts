import assert from 'node:assert/strict';
import test from 'node:test';
import { toDot } from '../src/export/dot.ts';
import { toHtml } from '../src/export/html.ts';
import { escaped, fileName, fitted, type Picture, pictureOf, withoutPaths } from '../src/export/picture.ts';
import { toSvg } from '../src/export/svg.ts';
import { nothing, reduce } from '../src/feed/reducer.ts';
import { Nodes } from '../src/graph/nodes.ts';
import { Scene } from '../src/graph/scene.ts';
import { Layered, type Place } from '../src/layout/layered.ts';

const HOSTILE = '</text></svg><script>alert(1)</script>"\' & \\N \\" ]]> \u0000\u2028\ud800 ' + 'x'.repeat(300);

/** The picture of a small graph whose names are `name`, as the panel makes it. */
function picture(name: string): Picture {
  const state = nothing();
  const task = { '1': { fn: 1, cell: 1, state: 'done' }, '2': { fn: 1, cell: 1, state: 'failed', in: [1], title: name }, '3': { fn: 1, cell: 1, state: 'running', in: [1], progress: 0.5 }, '4': { fn: 1, cell: 2, state: 'upstream', in: [2, 3] } };
  const group = { g1: { fn: 1, cell: 3, depth: 1, span: 1, counts: { done: 900, cancelled: 50, waiting: 50 }, in: { '1': 1000 } } };
  const failure = [{ number: 2, type: name, message: name, function: name, traceback: name }];
  const put = { task, group, function: { '1': { name, counts: { done: 901, failed: 1, running: 1, upstream: 1, cancelled: 50, waiting: 50 } } }, worker: { '1': { state: 'gone', reason: name, cpu: 12, rss: 5e8 } }, session: { self: { name } } };
  assert.ok(reduce(state, { feed: 1, epoch: 'e', seq: 0, reset: true, put, add: { failure } }));
  const nodes = new Nodes();
  const layout = new Layered();
  const scene = new Scene();
  const { put: drawn } = nodes.update(state);
  layout.add(drawn.map((node) => ({ id: node.id, parents: node.parents, cell: node.cell, group: node.counts !== null })));
  for (const node of drawn) scene.put(node, layout.places.get(node.id) as Place);
  return pictureOf(state, scene, { frames: [{ of: 'g1', box: { x0: -10, y0: 200, x1: 300, y1: 300 } }], labels: [{ x: 0, y: -9, text: '[1] & [2]' }] }, new Date(2026, 10, 22, 14, 2));
}

/** Throws unless `text` is well-formed XML; returns its elements' names. */
function elementsOf(text: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const token = /<(\/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)|(<)/g;
  for (const [, end, name, attributes, empty, words, stray] of text.matchAll(token)) {
    assert.ok(stray === undefined, `a stray < near ${text.slice(0, 40)}`);
    for (const part of [attributes, words]) assert.doesNotMatch(part ?? '', /&(?!(amp|lt|gt|quot|#39);)/, 'a bare &');
    assert.doesNotMatch(words ?? '', /[\u0000-\u0008\ud800](?![\udc00-\udfff])/, 'a character that XML forbids');
    if (name === undefined) continue;
    if (end) assert.equal(open.pop(), name);
    else {
      seen.push(name);
      if (!empty) open.push(name);
    }
  }
  assert.deepEqual(open, []);
  return seen;
}

for (const name of ['solve', HOSTILE]) {
  const kind = name === HOSTILE ? 'hostile' : 'plain';
  test(`the SVG of ${kind} names is XML with every node and line, and nothing that runs`, () => {
    const one = picture(name);
    const svg = toSvg(one);
    const elements = elementsOf(svg);
    assert.equal(elements[0], 'svg');
    assert.ok(!elements.includes('script') && !/\son\w+=/.test(svg.replace(/&quot;.*?&quot;/g, '')));
    assert.equal(elements.filter((element) => element === 'title').length, 1 + one.nodes.length);
    assert.equal((svg.match(/class="edge"/g) ?? []).length, one.lines.length);
    assert.doesNotMatch(svg, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    assert.ok(svg.includes('prefers-color-scheme: dark') && svg.includes('class="hatch"'));
  });

  test(`the HTML of ${kind} names has picture, tables and data, without a script that runs`, () => {
    const html = toHtml(picture(name));
    assert.ok(html.startsWith('<!DOCTYPE html>') && html.includes("default-src 'none'"));
    assert.equal((html.match(/<script/g) ?? []).length, 1);
    const data = JSON.parse(/<script type="application\/json" id="treadle-data">(.*?)<\/script>/s.exec(html)?.[1] ?? '') as { nodes: { label: string }[]; failures: { message: string }[] };
    assert.equal(data.nodes.length, 5);
    assert.equal(data.failures[0]?.message, name);
    for (const heading of ['Failures', 'Functions', 'Workers', 'Tasks · 5']) assert.ok(html.includes(heading), heading);
    assert.doesNotMatch(html, /<(link|img|iframe|object)\b|src=|url\((?!#)/);
    elementsOf(toSvg(picture(name), true));
  });

  test(`the DOT of ${kind} names: every string ends where it should`, () => {
    const dot = toDot(picture(name));
    const lines = dot.trimEnd().split('\n');
    const plain = lines.map((line) => line.replace(/"(?:\\.|[^"\\])*"/g, '""'));
    assert.match(plain[0] ?? '', /^digraph "" \{$/);
    assert.equal(plain.at(-1), '}');
    for (const line of plain.slice(1, -1)) assert.match(line, /^ {2}(rankdir=LR|(node|edge|"") ?(-> "")? ?(\[[^"]*("")?[^\n]*\])?);$/);
    assert.equal(plain.filter((line) => line.includes('->')).length, 5);
    assert.doesNotMatch(dot.replace(/\\\\/g, ''), /\\[NGETHL]/, 'an escape of Graphviz');
  });
}

test('file names say what and when and hold nothing that a file system minds', () => {
  assert.equal(fileName(picture('nb-1'), 'svg'), 'treadle-nb-1-2026-11-22-1402.svg');
  assert.match(fileName(picture('../../etc/<x>: "évil"'), 'html'), /^treadle-[A-Za-z0-9_-]+\.html$/);
  assert.equal(fileName(picture(''), 'dot'), 'treadle-2026-11-22-1402.dot');
});

test('a name is cut where its letters are as wide as the room', () => {
  assert.equal(fitted('mean_square', 11), 'mean_squa…', 'm and _ are wider');
  assert.equal(fitted('solve it', 11), 'solve it');
  assert.equal(fitted('<b>bold</b>', 11), '<b>bold<…');
  assert.equal(fitted('计算计算计算计算', 11), '计算计算…');
  assert.equal(fitted('\ud83d\ude80\ud83d\ude80\ud83d\ude80', 5), '\ud83d\ude80…');
});

test('what XML forbids is replaced, whole characters of many bytes stay', () => {
  assert.equal(escaped('a\u0000b\ud83d\ude00c\ud83dd<&>"\''), 'a\ufffdb\ud83d\ude00c\ufffdd&lt;&amp;&gt;&quot;&#39;');
});

test('no folder of the person leaves the page', () => {
  assert.equal(withoutPaths('File "/data/ada/project/heat.py", line 3\n C:\\Users\\ada\\x.py: 1/2 of https://example.org/a/b'), 'File "heat.py", line 3\n x.py: 1/2 of https://example.org/a/b');
  assert.doesNotMatch(JSON.stringify(picture('/data/ada/secret/x.py')).replaceAll('"label":"/data/ada/secret/x.py"', '').replaceAll(/"(name|function|type)":"[^"]*"/g, ''), /ada/);
});

test('a number that would leave nothing of the name is left out of the box, not of its title', () => {
  const one = picture('mean_square');
  const svg = toSvg({ ...one, nodes: one.nodes.map((node) => (node.id === '1' ? { ...node, suffix: '#1000000001' } : node)) });
  assert.equal((svg.match(/#1000000001/g) ?? []).length, 1);
  assert.match(svg, /<title>mean_square #1000000001: done<\/title>/);
  assert.match(svg, />mean_square<\/text>/);
  assert.match(svg, /<tspan class="muted">#3<\/tspan>/);
});
