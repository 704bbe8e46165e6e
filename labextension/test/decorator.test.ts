import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Choice, type Direction, decoratorText, edited, editsFor, given, suggested } from '../src/plugin/decorator.ts';
import { type Found, functionAt } from '../src/plugin/python.ts';

function at(source: string, line: number): Found {
  const found = functionAt(source, line);
  assert.ok(found, 'a function is found');
  return found;
}

function names(found: Found): string {
  return found.parameters.map(({ name, kind }) => `${{ plain: '', args: '*', kwargs: '**' }[kind]}${name}`).join(' ');
}

function chosen(found: Found, directions: { [name: string]: Direction } = {}, more: Partial<Choice> = {}): Choice {
  const choice = suggested(found);
  return { ...choice, directions: new Map([...choice.directions, ...Object.entries(directions)]), ...more };
}

function inserted(source: string, line: number, directions: { [name: string]: Direction } = {}, more: Partial<Choice> = {}, known: string[] = ['task', 'IN', 'INOUT', 'OUT']): string {
  const found = at(source, line);
  return edited(source, editsFor(source, found, chosen(found, directions, more), new Set(known)));
}

test('signatures of all shapes are read', () => {
  assert.equal(names(at('def f(): pass', 0)), '');
  assert.equal(names(at('def f(a, b): pass', 0)), 'a b');
  assert.equal(names(at('def f(a: int = 1, b: dict[str, int] = {"x, y": (1, 2)}, *args, c=[1, 2], **kw): pass', 0)), 'a b *args c **kw');
  assert.equal(names(at('def f(a, /, b, *, c): pass', 0)), 'a b c');
  assert.equal(names(at('async def g(x, y=lambda a, b: a): pass', 0)), 'x y');
  assert.equal(names(at('def f[T: (int, str)](x: T, größe=2) -> T:\n  return x', 0)), 'x größe');
  assert.equal(names(at('def f(a=")", b="#", c=\'\\\'(\'): pass', 0)), 'a b c');
});

test('a signature may go over lines and hold comments', () => {
  const source = 'def solve(\n    mesh: "Mesh",  # (the mesh, as read\n    parameters={\n        "k": 1,\n    },\n    *,\n    out=None,\n) -> None:\n    out[0] = mesh\n';
  assert.equal(names(at(source, 3)), 'mesh parameters out');
  assert.equal(suggested(at(source, 8)).directions.get('out'), 'INOUT');
});

test('the function is the one at or around the cursor', () => {
  const source = 'import os\n\ndef first(a):\n    return a\n\ndef outer(b):\n    def inner(c):\n        return c\n    return inner(b)\n\nx = 1\n';
  assert.equal(at(source, 2).name, 'first');
  assert.equal(at(source, 3).name, 'first');
  assert.equal(at(source, 4).name, 'first');
  assert.equal(at(source, 5).name, 'outer');
  assert.equal(at(source, 7).name, 'inner');
  assert.equal(at(source, 8).name, 'outer');
  assert.equal(at(source, 10).name, 'outer', 'none around: the nearest above, from the outside');
  assert.equal(at('x = 1\n\ndef only(a):\n    pass', 0).name, 'only');
  assert.equal(functionAt('x = 1\n# def no(a):\n"""\ndef neither(b):\n"""', 4), null);
  assert.equal(functionAt('def half(a, b', 0), null);
});

test('decorators are seen, also the one there is already', () => {
  const source = '@njit\n@cached(\n    size=3,\n)\ndef f(a):\n    pass\n';
  assert.equal(at(source, 0).name, 'f');
  assert.equal(inserted(source, 4), `@task\n${source}`);
  const again = '@other\n@task(a=INOUT, returns=2, name="x, y", timeout=5)\ndef f(a, b):\n    pass\n';
  const found = at(again, 3);
  assert.equal(found.task?.inside, 'a=INOUT, returns=2, name="x, y", timeout=5');
  assert.equal(inserted(again, 3, { a: 'IN', b: 'OUT' }), again.replace(/@task.*/, '@task(b=OUT, returns=2, name="x, y", timeout=5)'));
  assert.equal(inserted(again, 1), again, 'nothing changed: nothing is changed');
  assert.equal(inserted('@treadle.task\ndef f(a):\n  pass', 0, { a: 'INOUT' }, {}, []), '@treadle.task(a=treadle.INOUT)\ndef f(a):\n  pass');
  assert.equal(at('@task\ndef f(a): pass\n\ndef g(b): pass', 3).task, null);
});

test('methods: self is changed unless it is said that it is not', () => {
  const source = 'class Model:\n    def train(self, n):\n        self.steps += n\n';
  assert.equal(inserted(source, 2), 'class Model:\n    @task\n    def train(self, n):\n        self.steps += n\n');
  assert.equal(inserted(source, 2, { self: 'IN' }), 'class Model:\n    @task(target_direction=IN)\n    def train(self, n):\n        self.steps += n\n');
});

test('what the body changes is suggested', () => {
  const source = 'def f(a, b, c, d, e, n):\n    a[0] = 1\n    b.append(2)\n    c *= 2\n    d.data.grad += 1\n    if e == 3 and e[0] == 1:\n        return 1, 2\n    "n[0] = 1"\n    return n, (a, b)\n';
  const choice = suggested(at(source, 1));
  assert.deepEqual([...choice.directions.values()], ['INOUT', 'INOUT', 'INOUT', 'INOUT', 'IN', 'IN']);
  assert.equal(choice.returns, 2);
  assert.equal(suggested(at('def f(a):\n  return g(a, 1)', 0)).returns, 1);
  assert.equal(suggested(at('def f(a):\n  return (a, 1, 2)', 0)).returns, 3);
  assert.equal(suggested(at('def f(a):\n  return (a + 1) * (a + 2)', 0)).returns, 1);
  assert.equal(suggested(at('def f(a):\n  if a:\n    return 1, 2\n  return a', 0)).returns, 1);
});

test('the decorator is written as a person would', () => {
  const found = at('def f(a, b, name, *rest): pass', 0);
  assert.equal(decoratorText(found, chosen(found)), '@task');
  assert.equal(decoratorText(found, chosen(found, { b: 'INOUT', rest: 'INOUT' }, { returns: 2 })), '@task(b=INOUT, rest=INOUT, returns=2)');
  assert.equal(decoratorText(found, chosen(found, { name: 'INOUT' })), '@task(name=INOUT)');
  assert.equal(decoratorText(found, chosen(found, { name: 'INOUT' }, { name: 'a "b"' })), '@task(directions={"name": INOUT}, name="a \\"b\\"")');
  assert.equal(decoratorText(found, chosen(found, {}, { returns: 0 })), '@task(returns=0)');
});

test('what is missing is imported, once, and a cell magic stays first', () => {
  const source = 'def f(c):\n    c[0] = 1\n';
  assert.equal(inserted(source, 0, {}, {}, []), `from treadle import task, INOUT\n\n@task(c=INOUT)\n${source}`);
  assert.equal(inserted(source, 0, {}, {}, ['task']), `from treadle import INOUT\n\n@task(c=INOUT)\n${source}`);
  assert.equal(inserted(`%%time\n${source}`, 1, {}, {}, []), `%%time\nfrom treadle import task, INOUT\n\n@task(c=INOUT)\n${source}`);
  assert.equal(inserted(`from treadle import task\n${source}`, 1, {}, {}, []), `from treadle import task, INOUT\n@task(c=INOUT)\n${source}`);
  assert.equal(inserted(`"""from treadle import task"""\ndef f(a): pass`, 1, {}, {}, []), `from treadle import task\n\n"""from treadle import task"""\n@task\ndef f(a): pass`);
});

test('what other cells give is known', () => {
  assert.deepEqual([...given('%load_ext treadle')], ['task', 'IN', 'INOUT', 'OUT']);
  assert.deepEqual([...given('from treadle import (\n  task,\n  wait_on as w,\n)\n# from treadle import OUT')], ['task']);
  assert.deepEqual([...given('from treadle_runtime import x\nimport treadle')], []);
});
