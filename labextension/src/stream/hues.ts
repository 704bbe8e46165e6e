// A colour for each function: the same one as long as the view stands; first those that are no state's. Pure. Every one is at least 3:1 against the
// view's ground (test/stream.test.ts), the text that may stand on it 4.5:1.

export interface Hue {
  fill: string;
  text: string;
}

const LIGHT = ['#5b5fc7', '#0d7a80', '#9a5b00', '#8a4fa3', '#2f6fb3', '#b0436e', '#5d6b1d', '#8a5a44', '#56616d', '#2b7a4b'];
const DARK = ['#a5a8f2', '#5fc4ca', '#e0a458', '#c79be0', '#7db3ee', '#ee93b6', '#b9c46a', '#d1a48c', '#a7b2be', '#74c793'];

export function hueOf(fn: number, order: ReadonlyMap<number, number>, dark: boolean): Hue {
  const hues = dark ? DARK : LIGHT;
  const index = order.get(fn) ?? 0;
  return { fill: hues[index % hues.length] as string, text: dark ? '#0b0f14' : '#ffffff' };
}

export const HUES = { light: LIGHT, dark: DARK };
