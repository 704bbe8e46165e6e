// The order of the folders of src/, as README.md tells it: a module knows what is below it and beside it, never what is above.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import test from 'node:test';

const FLOORS = ['feed', 'words', 'page', 'layout', 'link', 'graph', 'export', 'stream', 'view', 'widget.ts', 'plugin'];
const source = join(process.cwd(), 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
const needs = new Map(files.map((name) => [name, importedBy(name)]));

function importedBy(name: string): string[] {
  const text = readFileSync(join(source, name), 'utf8');
  return [...text.matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)';/gm)].map(([, path]) => normalize(join(dirname(name), path as string)));
}

const floorOf = (name: string): number => FLOORS.indexOf(name.split('/')[0] as string);

test('every folder has its floor, and imports go down', () => {
  assert.ok(files.length > 50);
  const wrong = files.flatMap((name) => [
    ...(floorOf(name) < 0 ? [`${name} stands on no floor`] : []),
    ...(needs.get(name) ?? []).filter((other) => floorOf(other) > floorOf(name) || floorOf(other) < 0).map((other) => `${name} imports ${other}`),
  ]);
  assert.deepEqual(wrong, []);
});

test('no module needs itself, by whatever way', () => {
  const done = new Set<string>();
  const look = (name: string, way: string[]): void => {
    assert.ok(!way.includes(name), [...way, name].join(' -> '));
    if (done.has(name)) return;
    for (const other of needs.get(name) ?? []) look(other, [...way, name]);
    done.add(name);
  };
  for (const name of files) look(name, []);
});

test('every rule of the look is for something that is there', () => {
  const texts = files.map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));
  const code = texts.filter(({ name }) => !name.endsWith('look.ts')).map(({ text }) => text).join('\n');
  const names = new Set(texts.filter(({ name }) => name.endsWith('look.ts')).flatMap(({ text }) => [...text.matchAll(/\.(trd[\w-]*)/g)].map(([, word]) => word as string)));
  assert.ok(names.size > 100);
  assert.deepEqual([...names].filter((word) => !new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(code)), []);
});

test('a value that a module exports, another one or a test uses', () => {
  const test = join(process.cwd(), 'test');
  const all = [...files.map((name) => join(source, name)), ...readdirSync(test).map((name) => join(test, name))].map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  const unused = files.flatMap((name) => {
    const own = join(source, name);
    const names = [...readFileSync(own, 'utf8').matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(([, word]) => word as string);
    const users = all.filter(({ path }) => path !== own);
    return names.filter((word) => !users.some(({ text }) => new RegExp(`\\b${word}\\b`).test(text))).map((word) => `${relative(source, own)}: ${word}`);
  });
  assert.deepEqual(unused, []);
});
