// Lines and cards in outputs: what their classes say (kernel_ext/README.md has the scheme), and what of a cell's text is missing. Pure.

export interface Anchor {
  readonly kind: 'line' | 'card' | 'view' | 'note';
  readonly display: string; // the id of its display
  readonly epoch: string;
  readonly tasks: readonly [number, number] | null;
  readonly cell: number;
  readonly open: boolean;
}

/** Read the class of an element. */
export function anchorOf(className: string): Anchor | null {
  const names = className.split(/\s+/);
  const kind = /^treadle-(line|card|view|note)$/.exec(names[0] ?? '')?.[1] as Anchor['kind'] | undefined;
  if (!kind) return null;
  const after = (prefix: string): string => names.find((name, i) => i > 0 && name.startsWith(prefix))?.slice(prefix.length) ?? '';
  const tasks = /^(\d+)-(\d+)$/.exec(after('treadle-tasks-'));
  const id = after(`treadle-${kind}-`);
  return {
    kind,
    display: kind === 'view' ? `treadle-${id}` : `treadle-${kind}-${id}`,
    epoch: after('treadle-in-'),
    tasks: tasks ? [Number(tasks[1]), Number(tasks[2])] : null,
    cell: Number(after('treadle-of-') || 0),
    open: names.includes('treadle-open'),
  };
}

/** The anchor at the beginning of stored HTML. */
export function anchorIn(html: unknown): Anchor | null {
  const text = Array.isArray(html) ? html.join('') : html;
  if (typeof text !== 'string') return null;
  const match = /^\s*<div class="(treadle-[^"]*)"/.exec(text);
  return match ? anchorOf(match[1] as string) : null;
}

export type Piece = { readonly stream: string; readonly text: string } | { readonly display: string; readonly data: { readonly [mime: string]: unknown } };

export interface Shown {
  /** All text of the cell's outputs, in order. */
  readonly text: string;
  /** Whether a display stands there: by its id, or the same content. */
  has(display: string, data: { readonly [mime: string]: unknown }): boolean;
}

/** The pieces that a cell's outputs lack. Text of the cell itself may stand between pieces; each is looked for behind the one before. */
export function lacking(pieces: readonly Piece[], shown: Shown): Piece[] {
  let at = 0;
  return pieces.filter((piece) => {
    if ('display' in piece) return !shown.has(piece.display, piece.data);
    const text = lastOfLines(piece.text);
    if (!text) return false;
    const found = shown.text.indexOf(text, at);
    if (found < 0) return true;
    at = found + text.length;
    return false;
  });
}

/** What a page shows of text whose lines are rewritten. */
function lastOfLines(text: string): string {
  return text.replace(/\r+\n/g, '\n').replace(/[^\n]*\r(?!$)/g, '').replace(/\r$/, '');
}
