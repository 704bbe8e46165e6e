// Numbers as people read them. Pure.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

export function inBytes(nbytes: number): string {
  let at = 0;
  let value = nbytes;
  while (value >= 1000 && at < UNITS.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${value >= 100 || at < 2 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`;
}

/** A duration with two or three figures: `35 µs`, `1.2 ms`, `4.31 s`, `2 min 5 s`, `3 h 12 min`. */
export function inSeconds(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 1e-3) return `${Math.round(s * 1e6)} µs`;
  if (s < 1) return `${figures(s * 1e3)} ms`;
  if (s < 60) return `${figures(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** How long something has been going on: whole seconds are enough. */
export function sinceThen(seconds: number): string {
  return seconds < 60 ? `${Math.max(0, seconds).toFixed(seconds < 10 ? 1 : 0)} s` : inSeconds(seconds);
}

export function inPercent(share: number): string {
  return `${Math.round(100 * Math.min(1, Math.max(0, share)))} %`;
}

export function count(n: number): string {
  return n.toLocaleString('en');
}

/** `1 task`, `20 tasks`. */
export function many(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? '' : 's'}`;
}

/** `7` as `07`. */
export function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** The time of day of a wall time in seconds, as `14:02:31`; finer if asked. */
export function clock(wall: number, digits = 0): string {
  const date = new Date(wall * 1000);
  const fraction = digits ? `.${String(date.getMilliseconds()).padStart(3, '0').slice(0, digits)}` : '';
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${fraction}`;
}

/** What an error says, to be shown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Cut to `limit` characters, never within one that takes two places. */
export function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function figures(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Text without what only a terminal understands: colours, moves of the cursor. */
export function uncoloured(text: string): string {
  return text.replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, '');
}
