// A colour for each function: the same one as long as the view stands. Pure. Every one is at least 3:1 against the
// view's ground (test/stream.test.ts), the text that may stand on it 4.5:1.

export interface Hue {
  fill: string;
  text: string;
}

const LIGHT = ['#2f6fb3', '#9a5b00', '#2b7a4b', '#8a4fa3', '#0d7a80', '#b0436e', '#5d6b1d', '#5b5fc7', '#8a5a44', '#56616d'];
const DARK = ['#7db3ee', '#e0a458', '#74c793', '#c79be0', '#5fc4ca', '#ee93b6', '#b9c46a', '#a5a8f2', '#d1a48c', '#a7b2be'];

export function hueOf(fn: number, order: ReadonlyMap<number, number>, dark: boolean): Hue {
  const hues = dark ? DARK : LIGHT;
  const index = order.get(fn) ?? 0;
  return { fill: hues[index % hues.length] as string, text: dark ? '#0b0f14' : '#ffffff' };
}

export const HUES = { light: LIGHT, dark: DARK };
