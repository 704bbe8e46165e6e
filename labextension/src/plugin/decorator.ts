// `@task(...)` for a function: what to suggest, how it is written, which edits put it into a cell. Pure.
import { blanked, type Found, pieces } from './python.ts';

export type Direction = 'IN' | 'INOUT' | 'OUT';

export interface Choice {
  readonly directions: ReadonlyMap<string, Direction>;
  readonly returns: number; // 1: whatever it returns is one result
  readonly name: string; // "": the function's
  readonly others: readonly string[]; // options that are kept as they stand: "timeout=5"
}

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const CHANGERS = 'append|extend|insert|add|update|sort|reverse|pop|remove|discard|clear|fill|fit|partial_fit|setdefault|shuffle|resize|step|load_state_dict';

/** What stands in the function's decorator, else what its body suggests. */
export function suggested(found: Found): Choice {
  if (found.task) return readChoice(found, found.task.inside);
  const directions = new Map(found.parameters.map(({ name }) => [name, changes(found.body, name) ? 'INOUT' : usual(found, name)] as const));
  return { directions, returns: returnsOf(found.body), name: '', others: [] };
}

/** The direction a parameter has if nothing is said. */
function usual(found: Found, name: string): Direction {
  return isSelf(found, name) ? 'INOUT' : 'IN';
}

function isSelf(found: Found, name: string): boolean {
  return name === 'self' && found.indent !== '' && found.parameters[0]?.name === 'self';
}

function changes(body: string, name: string): boolean {
  const own = `(?<![\\w.])${name}`;
  const stored = new RegExp(`${own}(?:\\.\\w+|\\[[^\\]=]*\\])*(?:\\[[^\\]]*\\]|\\.\\w+)[ \\t]*(?:[-+*/%&|^@]|//|\\*\\*|<<|>>)?=(?!=)`, 'u');
  const augmented = new RegExp(`^[ \\t]*${name}[ \\t]*(?:[-+*/%&|^@]|//|\\*\\*|<<|>>)=`, 'mu');
  return stored.test(body) || augmented.test(body) || new RegExp(`^[ \\t]*${name}\\.(?:${CHANGERS})\\(`, 'mu').test(body);
}

/** How many values its return statements give, if they all say the same. */
function returnsOf(body: string): number {
  if (/^[ \t]*(?:async[ \t]+)?def\b/m.test(body)) return 1; // not all of them need be its own
  const counts = [...body.matchAll(/^[ \t]*return\b([^\n]*(?:\n(?=[^\n]*[)\]}]))?[^\n]*)/gm)].map((match) => {
    const value = (match[1] ?? '').trim();
    const inner = /^\((.*)\)$/s.exec(value);
    const parts = pieces(value);
    return parts.length > 1 ? parts.length : inner && !value.slice(1, -1).includes(')') ? Math.max(1, pieces(inner[1] as string).length) : 1;
  });
  return counts.length && counts.every((n) => n === counts[0]) ? (counts[0] as number) : 1;
}

function readChoice(found: Found, inside: string): Choice {
  const directions = new Map(found.parameters.map(({ name }) => [name, usual(found, name)] as const));
  const others: string[] = [];
  let returns = 1;
  let title = '';
  const code = blanked(inside);
  for (const [start, end] of pieces(code)) {
    const text = inside.slice(start, end).trim();
    const option = /^(\w+)\s*=\s*([^]*)$/u.exec(text);
    const [key, value] = [option?.[1] ?? '', (option?.[2] ?? '').trim()];
    const direction = /^(?:\w+\.)?(INOUT|OUT|IN)$/.exec(value)?.[1] as Direction | undefined;
    const quoted = /^(["'])((?:(?!\1)[^\\\n])*)\1$/.exec(value);
    if (key === 'target_direction' && direction && isSelf(found, 'self')) directions.set('self', direction);
    else if (direction && directions.has(key)) directions.set(key, direction);
    else if (key === 'returns' && /^\d+$/.test(value)) returns = Number(value);
    else if (key === 'name' && quoted) title = quoted[2] as string;
    else others.push(text);
  }
  return { directions, returns, name: title, others };
}

/** The decorator as it is written: `@task(c=INOUT, returns=2)`. */
export function decoratorText(found: Found, choice: Choice, spelling = 'task'): string {
  const prefix = spelling.includes('.') ? `${spelling.split('.')[0]}.` : '';
  const given: string[] = [];
  const named: string[] = []; // an option has the name of a parameter
  for (const [name, direction] of choice.directions) {
    if (direction === usual(found, name)) continue;
    if (isSelf(found, name)) given.push(`target_direction=${prefix}${direction}`);
    else if (name === 'name' && choice.name) named.push(`${JSON.stringify(name)}: ${prefix}${direction}`);
    else if (name === 'returns' && choice.returns !== 1) named.push(`${JSON.stringify(name)}: ${prefix}${direction}`);
    else given.push(`${name}=${prefix}${direction}`);
  }
  if (named.length) given.push(`directions={${named.join(', ')}}`);
  if (choice.returns !== 1) given.push(`returns=${choice.returns}`);
  if (choice.name) given.push(`name=${JSON.stringify(choice.name)}`);
  given.push(...choice.others);
  return `@${spelling}${given.length ? `(${given.join(', ')})` : ''}`;
}

/** The names of Treadle that a decorator needs. */
export function needed(text: string): string[] {
  const words = new Set(blanked(text).match(/(?<![\w.])(?:task|INOUT|OUT|IN)\b(?!\s*=)/g) ?? []);
  return ['task', 'IN', 'INOUT', 'OUT'].filter((name) => words.has(name));
}

const IMPORT = /^from[ \t]+treadle[ \t]+import[ \t]+([^\n(#]*)$/m;

/** Names of Treadle that a cell gives to those that run after it. */
export function given(source: string): Set<string> {
  if (/^%(?:re)?load_ext[ \t]+treadle\b/m.test(source)) return new Set(['task', 'IN', 'INOUT', 'OUT']);
  const code = blanked(source);
  const found = new Set<string>();
  for (const match of code.matchAll(/^[ \t]*from[ \t]+treadle[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n]*))/gm)) {
    for (const part of (match[1] ?? match[2] ?? '').split(',')) {
      const name = part.trim();
      if (name === '*') for (const each of ['task', 'IN', 'INOUT', 'OUT']) found.add(each);
      else if (/^\w+$/.test(name)) found.add(name);
    }
  }
  return found;
}

/** The edits that put the decorator above the function and import what is missing; in the order of the text. */
export function editsFor(source: string, found: Found, choice: Choice, known: ReadonlySet<string>): Edit[] {
  const text = decoratorText(found, choice, found.task?.spelling);
  const edits: Edit[] = [];
  const missing = needed(text).filter((name) => !known.has(name) && !given(source).has(name));
  if (missing.length) edits.push(importing(source, missing));
  if (found.task) edits.push({ start: found.task.start, end: found.task.end, text: `${found.indent}${text}` });
  else edits.push({ start: found.start, end: found.start, text: `${found.indent}${text}\n` });
  return edits;
}

function importing(source: string, names: string[]): Edit {
  const line = IMPORT.exec(blanked(source));
  if (line) {
    const at = line.index + line[0].trimEnd().length;
    return { start: at, end: at, text: `, ${names.join(', ')}` };
  }
  // a cell magic must stay the first line
  const magic = /^(?:[ \t]*\n)*%%[^\n]*(?:\n|$)/.exec(source)?.[0] ?? '';
  const gap = source.slice(magic.length).startsWith('\n') ? '\n' : '\n\n';
  const begin = magic && !magic.endsWith('\n') ? '\n' : '';
  return { start: magic.length, end: magic.length, text: `${begin}from treadle import ${names.join(', ')}${gap}` };
}

/** The source with the edits made. */
export function edited(source: string, edits: readonly Edit[]): string {
  return edits.reduceRight((text, { start, end, text: put }) => text.slice(0, start) + put + text.slice(end), source);
}
