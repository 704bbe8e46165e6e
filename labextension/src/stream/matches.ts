// Whether a span is what a person looks for. Pure.
import type { State } from '../feed/reducer.ts';
import { type Filter, isEmpty } from '../words/filter.ts';
import type { Span } from './lanes.ts';

export function matchesSpan(state: State | null, filter: Filter | null, span: Span): boolean {
  if (!state || !filter || isEmpty(filter)) return true;
  const task = span.number ? state.task[span.number] : undefined;
  if (filter.fn !== undefined && span.fn !== filter.fn) return false;
  if (filter.cell !== undefined && task && task.cell !== filter.cell) return false;
  if (filter.state !== undefined && span.ending !== filter.state) return false;
  const name = `${state.function[span.fn]?.name ?? ''} ${task?.title ?? ''}`.toLowerCase();
  const words = (filter.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => name.includes(word) || (span.number !== 0 && word.replace(/^#/, '') === String(span.number)));
}
