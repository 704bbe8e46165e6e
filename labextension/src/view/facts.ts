// What is known of a task as short facts: from the feed at once, from the runtime's answer when it has come. Pure.
import type { FailureRecord, State } from '../feed/reducer.ts';
import type { Answer } from '../link/link.ts';
import { clock, inSeconds, shorten, sinceThen } from '../words/format.ts';
import { inWords, sayProgress, WORD } from '../words/states.ts';

export type Fact = [name: string, value: string];

/** One version of a datum that a task reads or makes. */
export interface Datum {
  maker: number;
  label: string;
  nbytes: number;
  state: string;
  place: string;
}

export function failureOf(state: State, id: string): FailureRecord | undefined {
  return state.failure.find((row) => String(row.number) === id || row.numbers?.some((number) => String(number) === id));
}

export function factsOfTask(state: State, id: string, answer: Answer, now: number): Fact[] {
  const task = state.task[id];
  const failure = failureOf(state, id);
  const facts: Fact[] = [];
  const word = task?.state ?? (failure ? 'failed' : (answer['state'] as keyof typeof WORD | undefined));
  if (word && word in WORD) facts.push(['state', WORD[word]]);
  const type = answer['type'] ?? failure?.type;
  if (type && word !== 'done') facts.push(['error', shorten(`${String(type)}: ${String(answer['message'] ?? failure?.message ?? '')}`, 400)]);
  if (answer['why'] && word !== 'running' && word !== 'done' && word !== 'failed') facts.push(['why', String(answer['why'])]);
  const cell = task?.cell ?? number(answer['cell']);
  if (cell && cell > 0) facts.push(['cell', `[${cell}]`]);
  const worker = task?.worker ?? number(answer['worker']);
  if (worker) facts.push(['worker', String(worker)]);
  const attempt = number(answer['attempt']) ?? failure?.attempt;
  if (attempt && attempt > 1) facts.push(['attempt', String(attempt)]);
  if (answer['arguments']) facts.push(['called with', shorten(String(answer['arguments']), 400)]);
  facts.push(...timesOf(task?.since, answer, now));
  const said = task ? sayProgress(task) : '';
  if (said) facts.push(['progress', said]);
  return facts;
}

function timesOf(since: number | undefined, answer: Answer, now: number): Fact[] {
  const [born, began, ended, run_s] = ['born', 'began', 'ended', 'run_s'].map((name) => number(answer[name]));
  const facts: Fact[] = [];
  if (born) facts.push(['submitted', clock(born)]);
  if (since !== undefined) facts.push(['running for', sinceThen(now - since)]);
  else if (run_s && ended) facts.push(['ran for', inSeconds(run_s)]);
  if (born && began && began - born > 0.05) facts.push(['waited', inSeconds(began - born)]);
  if (ended) facts.push(['ended', clock(ended)]);
  return facts;
}

export function factsOfGroup(state: State, id: string): Fact[] {
  const group = state.group[id];
  if (!group) return [];
  const facts: Fact[] = [['states', inWords(group.counts)]];
  if (group.cell > 0) facts.push(['cell', `[${group.cell}]`]);
  return facts;
}

/** What a task reads or makes, out of an answer that may be anything. */
export function dataIn(value: unknown): Datum[] {
  if (!Array.isArray(value)) return [];
  return value.map((each: Answer) => ({
    maker: number(each['maker']) ?? 0,
    label: String(each['label'] ?? ''),
    nbytes: number(each['nbytes']) ?? 0,
    state: String(each['state'] ?? ''),
    place: String(each['place'] ?? ''),
  }));
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
