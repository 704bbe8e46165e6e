// The line below a cell as the runtime alone can tell it: the same words and colours as kernel_ext/treadle/show/cell_line.py. Pure.
import type { Counts, TaskState } from '../feed/reducer.ts';
import { LIGHT } from '../page/theme.ts';
import { BAR_ORDER, HOLLOW } from '../words/states.ts';
import type { Anchor } from './anchors.ts';

export interface LineFacts {
  readonly counts: Counts;
  readonly at: string; // "14:02:31"
}

const OPEN: readonly TaskState[] = ['running', 'placed', 'ready', 'waiting'];
const SMALL = 'font-size:12px;opacity:.8';

function words(counts: Counts): [number, string][] {
  const waiting = (counts.placed ?? 0) + (counts.ready ?? 0) + (counts.waiting ?? 0);
  const all: [number, string][] = [
    [counts.running ?? 0, 'running'],
    [waiting, 'waiting'],
    [counts.done ?? 0, 'done'],
    [counts.failed ?? 0, 'failed'],
    [counts.upstream ?? 0, 'not run'],
    [counts.cancelled ?? 0, 'cancelled'],
  ];
  return all.filter(([count]) => count);
}

function isOpen(counts: Counts): boolean {
  return OPEN.some((state) => counts[state]);
}

export function lineText({ counts, at }: LineFacts): string {
  const said = words(counts).map(([count, word]) => `${count} ${word}`);
  return `${said.join(' · ')}${isOpen(counts) ? ` (as of ${at})` : ''}`;
}

/** Static HTML as the kernel makes it; all that goes in are numbers and words of ours. */
export function lineHtml(anchor: Anchor, { counts, at }: LineFacts): string {
  const said = words(counts).map(([count, word]) => {
    const text = `${count} ${word}`;
    return word === 'failed' ? `<span style="display:inline-block;padding:0 7px;border-radius:8px;font-size:12px;color:#fff;background:${LIGHT.state.failed}">${text}</span>` : text;
  });
  const all = Math.max(1, BAR_ORDER.reduce((sum, state) => sum + (counts[state] ?? 0), 0));
  const parts = BAR_ORDER.filter((state) => counts[state]).map((state) => {
    const width = ((100 * (counts[state] ?? 0)) / all).toFixed(2);
    const faint = HOLLOW.has(state) ? ';opacity:.45' : '';
    return `<td style="width:${width}%;height:8px;padding:0;border:none;background:${LIGHT.state[state]}${faint}"></td>`;
  });
  const strip = `<table style="width:180px;border:none;border-collapse:collapse;table-layout:fixed;margin:2px 0" aria-hidden="true"><tr style="background:none">${parts.join('')}</tr></table>`;
  const open = isOpen(counts);
  const [first, last] = anchor.tasks ?? [0, 0];
  const cancel = `<span class="treadle-cancel treadle-tasks-${first}-${last}">· cancel: <code>%treadle cancel [${anchor.cell}]</code></span>`;
  const side = open ? `<span style="${SMALL}">as of ${at}${anchor.cell ? ` ${cancel}` : ''}</span>` : '';
  const style = 'padding:0 12px 0 0;text-align:left;border:none;background:none;vertical-align:middle';
  const cells = [said.join(' · '), strip, side].filter(Boolean).map((cell) => `<td style="${style}">${cell}</td>`);
  const row = `<table style="border:none;border-collapse:collapse;margin:0;font-size:inherit"><tr style="background:none">${cells.join('')}</tr></table>`;
  const names = ['treadle-line', anchor.display, `treadle-in-${anchor.epoch}`, `treadle-tasks-${first}-${last}`, ...(anchor.cell ? [`treadle-of-${anchor.cell}`] : []), ...(open ? ['treadle-open'] : [])];
  return `<div class="${names.join(' ')}" style="font-size:13px;line-height:1.5;margin:2px 0;padding:0 8px">${row}</div>`;
}
