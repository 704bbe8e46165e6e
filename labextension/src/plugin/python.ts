// Reading functions off Python source that need not be complete: where a `def` stands, what its parameters are.
//
// Pure; works on a copy of the source with strings and comments blanked out, so that what looks like code in them is none.

export interface Parameter {
  readonly name: string;
  readonly kind: 'plain' | 'args' | 'kwargs';
}

export interface Found {
  readonly name: string;
  readonly indent: string;
  readonly parameters: readonly Parameter[];
  /** Offset of the line where its first decorator, else its `def`, begins. */
  readonly start: number;
  /** Its `@task` or `@treadle.task`, with the words in its parentheses. */
  readonly task: { readonly start: number; readonly end: number; readonly inside: string; readonly spelling: string } | null;
  /** Its body, blanked like `blanked` says. */
  readonly body: string;
}

const DEF = /^([ \t]*)(?:async[ \t]+)?def[ \t]+([\p{L}_][\p{L}\p{N}_]*)[ \t]*(?:\[[^\]]*\][ \t]*)?\(/gmu;

/** The source with every character of strings and comments replaced by a blank, and lines where they are. */
export function blanked(source: string): string {
  const pattern = /#[^\n]*|[a-zA-Z]{0,2}('''|""")(?:\\[^]|(?!\1)[^])*(?:\1|$)|'(?:\\[^]|[^'\\\n])*(?:'|$|(?=\n))|"(?:\\[^]|[^"\\\n])*(?:"|$|(?=\n))/g;
  return source.replace(pattern, (text) => (text[0] === '#' ? text.replace(/[^\n]/g, ' ') : text.replace(/[^\n]/g, '_')));
}

/** The offset after the bracket that closes the one at `open`; -1 if there is none. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    const c = code[i] as string;
    if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c) && --depth === 0) return i + 1;
  }
  return -1;
}

/** Split at commas outside of brackets and lambdas; `text` is blanked, the pieces are offsets into it. */
export function pieces(text: string): [number, number][] {
  const code = text.replace(/\blambda\b[^:]*:/g, (lambda) => lambda.replace(/,/g, '_'));
  const found: [number, number][] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= code.length; i++) {
    const c = code[i] ?? ',';
    if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c)) depth -= 1;
    else if (c === ',' && (depth === 0 || i === code.length)) {
      if (code.slice(start, i).trim()) found.push([start, i]);
      start = i + 1;
    }
  }
  return found;
}

/** The parameters in the parentheses of a signature. */
function parametersOf(inside: string): Parameter[] {
  return pieces(inside).flatMap(([start, end]) => {
    const match = /^(\*{0,2})\s*([\p{L}_][\p{L}\p{N}_]*)/u.exec(inside.slice(start, end).trim());
    if (!match) return []; // a bare * or /
    return [{ name: match[2] as string, kind: match[1] === '*' ? 'args' : match[1] === '**' ? 'kwargs' : 'plain' } as Parameter];
  });
}

/** The function that a line belongs to: the one defined there or around it, else the nearest above, else the only one. */
export function functionAt(source: string, line: number): Found | null {
  const code = blanked(source);
  const all = [...code.matchAll(DEF)].flatMap((match) => readFunction(source, code, match) ?? []);
  const lines = code.split('\n');
  const from = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
  const to = from + (lines[line]?.length ?? 0);
  const on = all.find(({ found, end }) => found.start <= to && from < end);
  if (on) return on.found;
  const above = all.filter(({ found }) => found.start < from).reverse();
  const nearest = lines.slice(0, line + 1).reverse().find((text) => text.trim());
  const width = widthOf(nearest ?? '');
  const around = above.find(({ found }) => widthOf(found.indent) < width) ?? above.find(({ found }) => widthOf(found.indent) <= width);
  return (around ?? above[0] ?? (all.length === 1 ? all[0] : undefined))?.found ?? null;
}

function widthOf(line: string): number {
  return (/^[ \t]*/.exec(line)?.[0] ?? '').replace(/\t/g, '        ').length;
}

function readFunction(source: string, code: string, match: RegExpExecArray): { found: Found; end: number } | null {
  const open = match.index + match[0].length - 1;
  const close = closing(code, open);
  if (close < 0) return null; // not typed to its end
  const indent = match[1] as string;
  const decorators = decoratorsAbove(code, match.index);
  const task = decorators.map(({ start, end }) => taskIn(source, code, start, end)).find((each) => each) ?? null;
  const found = {
    name: match[2] as string,
    indent,
    parameters: parametersOf(code.slice(open + 1, close - 1)),
    start: decorators[0]?.start ?? match.index,
    task,
    body: bodyAfter(code, close, indent),
  };
  return { found, end: close };
}

/** The decorators right above an offset where a line begins, first one first; each may go over several lines. */
function decoratorsAbove(code: string, at: number): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  const pattern = /^[ \t]*@[^\n]*/gm;
  for (const match of code.slice(0, at).matchAll(pattern)) {
    const open = match[0].indexOf('(');
    const close = open < 0 ? -1 : closing(code, match.index + open);
    const end = Math.max(match.index + match[0].length, close);
    const last = found.at(-1);
    if (last && code.slice(last.end, match.index).trim()) found.length = 0; // of another function
    found.push({ start: match.index, end });
  }
  const last = found.at(-1);
  return last && !code.slice(last.end, at).trim() ? found : [];
}

function taskIn(source: string, code: string, start: number, end: number): Found['task'] {
  const match = /^[ \t]*@[ \t]*((?:\w+\.)?task)[ \t]*(\()?/.exec(code.slice(start, end));
  if (!match) return null;
  const inside = match[2] ? source.slice(start + match[0].length, end - 1) : '';
  return { start, end, inside, spelling: match[1] as string };
}

function bodyAfter(code: string, at: number, indent: string): string {
  const colon = code.indexOf(':', at);
  const [first = '', ...lines] = code.slice(colon < 0 ? at : colon + 1).split('\n');
  const end = lines.findIndex((text) => text.trim() && widthOf(text) <= widthOf(indent));
  return [first, ...(end < 0 ? lines : lines.slice(0, end))].join('\n');
}
