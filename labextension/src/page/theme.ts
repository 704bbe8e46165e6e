// Colours: read from the page (JupyterLab, Notebook, VS Code, or the system), state colours our own, light and dark.
// Everything that bears text or a sign has a contrast of 4.5:1 at least (test/theme.test.ts).
import type { TaskState } from '../feed/reducer.ts';

export interface Palette {
  dark: boolean;
  bg: string;
  card: string;
  text: string;
  muted: string;
  border: string;
  edge: string;
  focus: string;
  onState: string; // text and signs on a state's colour
  state: { [state in TaskState]: string };
}

export const LIGHT: Palette = {
  dark: false,
  bg: '#ffffff',
  card: '#ffffff',
  text: '#1f2328',
  muted: '#59636e',
  border: '#d1d9e0',
  edge: '#aab4bf',
  focus: '#0b57d0',
  onState: '#ffffff',
  state: {
    waiting: '#6b7683',
    ready: '#4f6f9e',
    placed: '#3b6fb6',
    running: '#0f62e6',
    done: '#1a7f45',
    failed: '#c8242e',
    upstream: '#a8480a',
    cancelled: '#6d5f86',
  },
};

export const DARK: Palette = {
  dark: true,
  bg: '#111418',
  card: '#1b2027',
  text: '#e6edf3',
  muted: '#9aa6b2',
  border: '#333b45',
  edge: '#56616d',
  focus: '#8ab8ff',
  onState: '#0b0f14',
  state: {
    waiting: '#8b96a3',
    ready: '#8faad0',
    placed: '#7fb0f0',
    running: '#5ba4ff',
    done: '#4cc277',
    failed: '#ff7b72',
    upstream: '#eb9a4d',
    cancelled: '#b3a3d0',
  },
};

type Rgb = [number, number, number];

function rgbOf(colour: string): Rgb | null {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (hex) return [1, 2, 3].map((i) => parseInt(hex[i] as string, 16)) as Rgb;
  const parts = /^rgba?\(\s*([\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)(?:[ ,/]+([\d.]+))?/.exec(colour);
  if (!parts || parts[4] === '0') return null;
  return [1, 2, 3].map((i) => Number(parts[i])) as Rgb;
}

function luminance(colour: string): number {
  const [r, g, b] = (rgbOf(colour) ?? [255, 255, 255]).map((v) => {
    const c = v / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, as WCAG defines it. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The palette for a page of this background and text colour; the page's own are kept where they can be read. `strong`: for
 * people who want contrast, nothing is pale that bounds or tells. */
export function paletteFor(background: string, text: string, strong = false): Palette {
  const bg = rgbOf(background) ? background : LIGHT.bg;
  const base = luminance(bg) < 0.25 ? DARK : LIGHT;
  const readable = (colour: string, on: string): boolean => rgbOf(colour) !== null && contrast(colour, on) >= 4.5;
  const ink = readable(text, base.card) && readable(text, bg) ? text : base.text;
  return { ...base, bg, text: ink, ...(strong ? { border: base.muted, edge: base.muted, muted: ink } : {}) };
}

/** Set the palette's colours as CSS variables of `root`, and again whenever the page's theme changes. Returns the end of it. */
export function followTheme(root: HTMLElement, changed: (palette: Palette) => void): () => void {
  let known = '';
  const read = (): void => {
    if (!root.isConnected) return;
    const style = getComputedStyle(root);
    const strong = matchMedia('(prefers-contrast: more)').matches || /high contrast/i.test(document.body.dataset['jpThemeName'] ?? '');
    const palette = paletteFor(style.backgroundColor, style.color, strong);
    if (JSON.stringify(palette) === known) return;
    known = JSON.stringify(palette);
    root.dataset['theme'] = palette.dark ? 'dark' : 'light';
    for (const name of ['card', 'text', 'muted', 'border', 'focus', 'onState'] as const) root.style.setProperty(`--trd-${name}`, palette[name]);
    for (const [state, colour] of Object.entries(palette.state)) root.style.setProperty(`--trd-${state}`, colour);
    changed(palette);
  };
  const later = (): void => void requestAnimationFrame(read);
  const observer = new MutationObserver(later);
  const attributes = { attributes: true, attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name', 'class', 'data-theme', 'theme', 'style'] };
  observer.observe(document.body, attributes);
  observer.observe(document.documentElement, attributes);
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', later);
  const timer = setInterval(read, 2000); // a theme's style sheet may come after its attribute
  later(); // by then it stands in the page
  return () => {
    observer.disconnect();
    media.removeEventListener('change', later);
    clearInterval(timer);
  };
}
