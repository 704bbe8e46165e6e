import assert from 'node:assert/strict';
import test from 'node:test';
import { type Box, Camera } from '../src/graph/camera.ts';

function camera(): Camera {
  const one = new Camera();
  one.width = 800;
  one.height = 400;
  return one;
}

const holds = (outer: Box, inner: Box): boolean => outer.x0 <= inner.x0 && outer.y0 <= inner.y0 && outer.x1 >= inner.x1 && outer.y1 >= inner.y1;

test('fit shows all of a box, however large, and never much nearer than its own size', () => {
  for (const box of [{ x0: 0, y0: 0, x1: 140, y1: 28 }, { x0: -500, y0: 20, x1: 9000, y1: 3000 }]) {
    const one = camera();
    one.fit(box, true);
    assert.ok(holds(one.seen(), box));
    assert.ok(one.k <= 1.4);
  }
});

test('zooming keeps the point under the pointer where it is', () => {
  const one = camera();
  one.fit({ x0: 0, y0: 0, x1: 3000, y1: 900 }, true);
  const before = one.toSheet(200, 100);
  one.zoom(1.7, 200, 100);
  const after = one.toSheet(200, 100);
  assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) < 1e-9);
  assert.equal(one.follows, false, 'who zooms has taken the camera');
});

test('following stays while what runs is in sight, and goes to it when it is not', () => {
  const whole = { x0: 0, y0: 0, x1: 20_000, y1: 4000 };
  const one = camera();
  one.follow({ x0: 100, y0: 100, x1: 240, y1: 128 }, whole, 0.4, true);
  const seen = one.seen();
  one.follow({ x0: seen.x0 + 50, y0: 200, x1: seen.x0 + 190, y1: 228 }, whole, 0.4, false);
  assert.equal(one.glide(), false, 'nothing to do');
  const away = { x0: 9000, y0: 3000, x1: 9140, y1: 3028 };
  one.follow(away, whole, 0.4, false);
  for (let frame = 0; one.glide(); frame++) assert.ok(frame < 200);
  assert.ok(holds(one.seen(), away));
  assert.ok(one.seen().y1 < whole.y1 + 400, 'not far beyond the graph');
});

test('revealing moves just so far that it is seen', () => {
  const one = camera();
  one.fit({ x0: 0, y0: 0, x1: 700, y1: 300 }, true);
  const box = { x0: 1500, y0: 50, x1: 1640, y1: 78 };
  one.reveal(box);
  assert.ok(holds(one.seen(), box));
  const { x, y } = one;
  one.reveal(box);
  assert.deepEqual([one.x, one.y], [x, y]);
});
