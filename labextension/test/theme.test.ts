import assert from 'node:assert/strict';
import test from 'node:test';
import { contrast, DARK, LIGHT, paletteFor } from '../src/page/theme.ts';
import { STATES } from '../src/words/states.ts';

for (const palette of [LIGHT, DARK]) {
  const name = palette.dark ? 'dark' : 'light';
  test(`${name}: text and signs have a contrast of 4.5:1`, () => {
    for (const on of [palette.bg, palette.card]) {
      assert.ok(contrast(palette.text, on) >= 4.5);
      assert.ok(contrast(palette.muted, on) >= 4.5, `muted ${contrast(palette.muted, on)}`);
      for (const state of STATES) assert.ok(contrast(palette.state[state], on) >= 4.5, `${state} ${contrast(palette.state[state], on)}`);
    }
    for (const state of STATES) assert.ok(contrast(palette.onState, palette.state[state]) >= 4.5, state);
    assert.ok(contrast(palette.focus, palette.bg) >= 3);
  });
}

test('the palette follows the page', () => {
  assert.equal(paletteFor('rgb(17, 17, 17)', 'rgba(255, 255, 255, 0.87)').dark, true);
  assert.equal(paletteFor('rgb(255, 255, 255)', 'rgba(0, 0, 0, 0.87)').dark, false);
  assert.equal(paletteFor('rgba(0, 0, 0, 0)', 'rgb(0,0,0)').bg, LIGHT.bg);
  assert.equal(paletteFor('rgb(20, 20, 20)', 'rgb(30, 30, 30)').text, DARK.text);
});

test('where contrast is asked for, lines and quiet words stand out too', () => {
  for (const [ground, ink] of [['#111111', '#ffffff'], ['#ffffff', '#000000']] as const) {
    const palette = paletteFor(ground, ink, true);
    assert.equal(palette.muted, ink);
    for (const line of [palette.border, palette.edge]) assert.ok(contrast(line, palette.bg) >= 4.5, line);
  }
});
