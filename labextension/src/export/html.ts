// The graph as a page of its own: picture, tables and the data, static, without any script. It opens from a folder,
// light or dark as its reader likes it, and may be sent to somebody who has no Treadle. Pure.
import type { Counts } from '../feed/reducer.ts';
import { FONT } from '../page/shapes.ts';
import { DARK, LIGHT, type Palette } from '../page/theme.ts';
import { count, inBytes } from '../words/format.ts';
import { inWords, STATES, WORD } from '../words/states.ts';
import { escaped, type Picture } from './picture.ts';
import { toSvg } from './svg.ts';

const TASKS = 5000;

/** The picture as the text of an HTML file. */
export function toHtml(picture: Picture): string {
  const title = `Treadle${picture.name ? ` ${picture.name}` : ''}`;
  const when = picture.at.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'medium' });
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p class="muted">${escaped(inWords(picture.counts))} · as of ${escaped(when)}</p>
<div class="picture" tabindex="0" role="region" aria-label="Graph">
${toSvg(picture, true)}</div>
${failuresOf(picture)}${functionsOf(picture)}${workersOf(picture)}${tasksOf(picture)}
<script type="application/json" id="treadle-data">${JSON.stringify(dataOf(picture)).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}</script>
</body>
</html>
`;
}

/** What a program may want to read from the page. */
function dataOf(picture: Picture): unknown {
  const { name, counts, functions, workers, failures, edges } = picture;
  const nodes = picture.nodes.map(({ id, label, state, counts: some, cell, progress }) => ({ id, label, state, cell, ...(some ? { counts: some } : {}), ...(progress === undefined ? {} : { progress }) }));
  return { treadle: 1, name, at: picture.at.toISOString(), counts, nodes, edges, functions, workers, failures };
}

function coloursOf(palette: Palette): string {
  const { bg, text, muted, border, card } = palette;
  return `--bg: ${bg}; --text: ${text}; --muted: ${muted}; --border: ${border}; --card: ${card}; --failed: ${palette.state.failed};`;
}

const STYLE = `
:root { ${coloursOf(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${coloursOf(DARK)} } }
body { margin: 24px; background: var(--bg); color: var(--text); font: 14px/1.45 ${FONT}; }
h1 { font-size: 20px; margin: 0; } h2 { font-size: 15px; margin: 26px 0 6px; } .muted { color: var(--muted); margin: 2px 0 14px; }
.picture { overflow: auto; border: 1px solid var(--border); border-radius: 8px; background: var(--card); }
.picture svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { text-align: left; padding: 3px 18px 3px 0; border-bottom: 1px solid var(--border); vertical-align: top; }
th { color: var(--muted); font-weight: 600; font-size: 12.5px; } .number { text-align: right; }
pre { margin: 6px 0 0; padding: 8px 10px; overflow: auto; border: 1px solid var(--border); border-left: 4px solid var(--failed); border-radius: 5px; font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
summary { cursor: pointer; font-weight: 600; font-size: 15px; margin-top: 26px; }
`;

function table(head: string[], rows: (string | number)[][]): string {
  const cell = (tag: string, value: string | number): string => `<${tag}${typeof value === 'number' ? ' class="number"' : ''}>${escaped(typeof value === 'number' ? count(value) : value)}</${tag}>`;
  return `<table><thead><tr>${head.map((one) => cell('th', one)).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map((one) => cell('td', one)).join('')}</tr>`).join('\n')}</tbody></table>\n`;
}

function failuresOf({ failures }: Picture): string {
  if (!failures.length) return '';
  const one = (failure: Picture['failures'][number]): string => {
    const times = (failure.count ?? 1) > 1 ? `${failure.count} x ` : '';
    const where = `${failure.function ?? 'task'} #${failure.number}${failure.cell ? `, [${failure.cell}]` : ''}`;
    const trace = failure.traceback ? `<pre>${escaped(failure.traceback)}</pre>` : '';
    return `<div><strong>${escaped(`${times}${failure.type ?? 'Error'}${failure.message ? `: ${failure.message}` : ''}`)}</strong> <span class="muted">${escaped(where)}</span>${trace}</div>`;
  };
  return `<h2>Failures</h2>\n${failures.map(one).join('\n')}\n`;
}

function functionsOf({ functions }: Picture): string {
  if (!functions.length) return '';
  const present = STATES.filter((state) => functions.some((one) => one.counts[state]));
  const row = (name: string, counts: Counts): (string | number)[] => [name, ...present.map((state) => counts[state] ?? 0)];
  return `<h2>Functions</h2>\n${table(['function', ...present.map((state) => WORD[state])], functions.map(({ name, counts }) => row(name, counts)))}`;
}

function workersOf({ workers }: Picture): string {
  if (!workers.length) return '';
  return `<h2>Workers</h2>\n${table(['worker', 'state', 'CPU', 'memory'], workers.map((one) => [one.worker, one.reason ? `${one.state}: ${one.reason}` : one.state, `${Math.round(one.cpu ?? 0)} %`, one.rss ? inBytes(one.rss) : '']))}`;
}

function tasksOf({ nodes }: Picture): string {
  const shown = nodes.slice(0, TASKS);
  const rows = shown.map((node) => [`${node.label} ${node.suffix}`, node.counts ? inWords(node.counts) : WORD[node.state], node.cell ? `[${node.cell}]` : '']);
  const more = nodes.length > TASKS ? `<p class="muted">and ${count(nodes.length - TASKS)} more</p>` : '';
  return `<details><summary>Tasks · ${count(nodes.length)}</summary>\n${table(['task', 'state', 'cell'], rows)}${more}</details>`;
}
