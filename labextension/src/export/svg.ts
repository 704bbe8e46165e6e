// The graph as an SVG: a picture that any browser or drawing program opens, light or dark as its reader likes it. Pure.
import type { Counts, TaskState } from '../feed/reducer.ts';
import { ARROW, bends, widthOf } from '../graph/lines.ts';
import type { Line } from '../graph/scene.ts';
import { FONT } from '../page/shapes.ts';
import { DARK, LIGHT, type Palette } from '../page/theme.ts';
import { count } from '../words/format.ts';
import { BAR_ORDER, HATCHED, HOLLOW, inWords, SIGN, STATES, total, WORD } from '../words/states.ts';
import { clipped, escaped, fitted, type Picture, type PictureNode } from './picture.ts';

const MARGIN = 24;
const TITLE = 34;
const LEGEND = 34;
const LEGEND_ITEM = 122;
const EM = 6.6; // about the width of a character

/** The picture as the text of an SVG file; `inPage`: for an HTML page that has title and legend of its own. */
export function toSvg(picture: Picture, inPage = false): string {
  const { box } = picture;
  const head = inPage ? 0 : TITLE;
  const present = STATES.filter((state) => picture.counts[state] || picture.nodes.some((node) => node.state === state));
  const width = Math.max(box.x1 - box.x0 + 2 * MARGIN, inPage ? 0 : present.length * LEGEND_ITEM + 2 * MARGIN);
  const height = box.y1 - box.y0 + 2 * MARGIN + head + (inPage ? 0 : LEGEND);
  const title = `Treadle${picture.name ? ` ${picture.name}` : ''}: ${inWords(picture.counts)}`;
  const legend = inPage ? '' : legendOf(present, height - LEGEND + 4);
  const heading = inPage ? '' : `<text class="title" x="${MARGIN}" y="26">${escaped(clipped(title, Math.floor(width / 7.2)))}</text>\n`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${styleOf(LIGHT)}\n@media (prefers-color-scheme: dark) { ${styleOf(DARK)} }</style>`,
    `<defs>${definitions()}</defs>`,
    inPage ? '' : `<rect class="bg" width="100%" height="100%"/>`,
    heading,
    `<g transform="translate(${round(MARGIN - box.x0)} ${round(MARGIN + head - box.y0)})">`,
    ...picture.frames.map(({ box: { x0, y0, x1, y1 } }) => `<rect class="frame" x="${round(x0)}" y="${round(y0)}" width="${round(x1 - x0)}" height="${round(y1 - y0)}" rx="10"/>`),
    ...picture.labels.map(({ x, y, text }) => `<text class="muted small" x="${round(x)}" y="${round(y)}">${escaped(text)}</text>`),
    ...picture.lines.map(lineOf),
    ...picture.nodes.map((node) => (node.counts ? boxOf(node, node.counts) : cardOf(node))),
    '</g>',
    legend,
    '</svg>',
    '',
  ].filter((part, i, all) => part !== '' || i === all.length - 1).join('\n');
}

function styleOf(palette: Palette): string {
  const states = STATES.map((state) => `.${state} { --c: ${palette.state[state]}; }`).join(' ');
  return `
.bg, .card { fill: ${palette.card}; } .title { font: 600 14px ${FONT}; fill: ${palette.text}; }
.name { font: 500 11.5px ${FONT}; fill: ${palette.text}; dominant-baseline: central; } .small { font: 400 11px ${FONT}; } .muted { fill: ${palette.muted}; }
.edge { fill: none; stroke: ${palette.edge}; } .head { fill: ${palette.edge}; stroke: none; } .track { fill: ${palette.border}; } .sheet { fill: ${palette.card}; stroke: ${palette.border}; }
.frame { fill: ${palette.focus}; fill-opacity: .05; stroke: ${palette.focus}; stroke-opacity: .5; }
.fill { fill: var(--c); } .rim { fill: none; stroke: var(--c); stroke-width: 1.2; } .sign { fill: none; stroke: var(--c); stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.sign.filled { fill: var(--c); stroke: none; } .on .sign { stroke: ${palette.onState}; } .on .sign.filled { fill: ${palette.onState}; stroke: none; } .hatch { stroke: ${palette.card}; }
${states}`;
}

function definitions(): string {
  return `<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V6" stroke-width="2.4" stroke-opacity=".75"/></pattern>`;
}

function signOf(state: TaskState, x: number, y: number, size: number): string {
  const { d, filled } = SIGN[state];
  return `<path class="sign${filled ? ' filled' : ''}" transform="translate(${round(x)} ${round(y)}) scale(${round(size / 16)})" d="${d}"/>`;
}

function lineOf(line: Line): string {
  const [x0, y0, ax, ay, bx, by, x1, y1] = bends(line, ARROW - 1).map(round);
  const begin = round(line.from) === x0 ? `M${x0} ${y0}` : `M${round(line.from)} ${y0}H${x0}`;
  const [x, y] = [line.x1, line.y1];
  const half = ARROW * 0.48;
  const head = line.down ? `M${round(x)} ${round(y)}l${-half} ${-ARROW}h${2 * half}z` : `M${round(x)} ${round(y)}l${-ARROW} ${-half}v${2 * half}z`;
  return `<path class="edge" stroke-width="${widthOf(line)}" d="${begin}C${ax} ${ay} ${bx} ${by} ${x1} ${y1}"/><path class="head" d="${head}"/>`;
}

function cardOf(node: PictureNode): string {
  const { x, y, w, h, state } = node;
  const hollow = HOLLOW.has(state);
  const at = `x="${round(x)}" y="${round(y)}" width="${w}" height="${h}"`;
  const letters = Math.floor((w - 40) / EM);
  const kept = node.suffix.length < letters / 2;
  const suffix = kept ? ` <tspan class="muted">${escaped(node.suffix)}</tspan>` : '';
  const room = letters - (kept ? node.suffix.length + 1 : 0);
  const parts = [`<g class="${state}"><title>${escaped(`${node.label} ${node.suffix}: ${WORD[state]}`)}</title><rect class="card" ${at} rx="6"/>`];
  if (!hollow) parts.push(`<rect class="fill" ${at} rx="6" fill-opacity=".14"/>`);
  if (!hollow && node.progress !== undefined) parts.push(`<rect class="fill" x="${round(x + 26)}" y="${round(y + h - 4)}" width="${round((w - 30) * node.progress)}" height="4"/>`);
  if (!hollow) parts.push(`<path class="fill" d="M${round(x + 6)} ${round(y)}h20v${h}h-20a6 6 0 0 1-6-6v${-(h - 12)}a6 6 0 0 1 6-6z"/>`);
  if (HATCHED.has(state)) parts.push(`<rect x="${round(x + 26)}" y="${round(y)}" width="${w - 26}" height="${h}" rx="6" fill="url(#hatch)"/>`);
  parts.push(`<rect class="rim" ${at} rx="6"${state === 'waiting' ? ' stroke-dasharray="4 3"' : ''}/>`);
  parts.push(`<g${hollow ? '' : ' class="on"'}>${signOf(state, x + 5.5, y + h / 2 - 7.5, 15)}</g>`);
  parts.push(`<text class="name" x="${round(x + (hollow ? 25 : 32))}" y="${round(y + h / 2)}">${escaped(fitted(node.label, Math.max(3, room)))}${suffix}</text></g>`);
  return parts.join('');
}

function boxOf(node: PictureNode, counts: Counts): string {
  const { x, y, w, h, state } = node;
  const room = Math.floor((w - 20) / EM) - node.suffix.length - 1;
  const sheets = [6, 3].map((shift) => `<rect class="sheet" x="${round(x + shift)}" y="${round(y - shift)}" width="${w - shift}" height="${h}" rx="7"/>`);
  const all = Math.max(1, total(counts));
  let at = x + 9;
  const bar = [`<rect class="track" x="${round(at)}" y="${round(y + 30)}" width="${w - 18}" height="12" rx="2"/>`];
  for (const one of BAR_ORDER) {
    const part = ((w - 18) * (counts[one] ?? 0)) / all;
    if (!part) continue;
    const place = `x="${round(at)}" y="${round(y + 30)}" width="${round(Math.max(2, part))}" height="12"`;
    bar.push(`<rect class="${one} fill" ${place}${HOLLOW.has(one) ? ' fill-opacity=".35"' : ''}/>`);
    if (HATCHED.has(one)) bar.push(`<rect ${place} fill="url(#hatch)"/>`);
    at += part;
  }
  const done = count(counts.done ?? 0);
  const words = counts.failed ? `${done} done · ${count(counts.failed)} failed` : `${done} of ${count(all)} done`;
  return [
    `<g class="${state}"><title>${escaped(`${node.label} ${node.suffix}: ${inWords(counts)}`)}</title>${sheets.join('')}`,
    `<rect class="card" x="${round(x)}" y="${round(y)}" width="${w}" height="${h}" rx="7"/><rect class="rim" x="${round(x)}" y="${round(y)}" width="${w}" height="${h}" rx="7"/>`,
    `<text class="name" x="${round(x + 9)}" y="${round(y + 16)}">${escaped(fitted(node.label, Math.max(3, room)))} <tspan class="muted">${escaped(node.suffix)}</tspan></text>`,
    ...bar,
    `<text class="small muted" x="${round(x + 9)}" y="${round(y + 60)}">${escaped(clipped(words, Math.floor((w - 14) / 5.8)))}</text></g>`,
  ].join('');
}

function legendOf(present: readonly TaskState[], y: number): string {
  return present
    .map((state, i) => `<g class="${state}" transform="translate(${MARGIN + i * LEGEND_ITEM} ${round(y)})">${signOf(state, 0, 0, 15)}<text class="small muted" x="20" y="11.5">${WORD[state]}</text></g>`)
    .join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
