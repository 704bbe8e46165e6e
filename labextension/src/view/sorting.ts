// Functions in the order a person asks for. Pure.
import type { FunctionRecord } from '../feed/reducer.ts';
import { total } from '../words/states.ts';

export type Column = 'name' | 'count' | 'done' | 'failed' | 'mean' | 'p95' | 'total';

export interface Order {
  column: Column;
  down: boolean; // the largest first
}

/** What pressing a column's head makes of an order: numbers begin with the largest, names with A. */
export function pressed(order: Order, column: Column): Order {
  return order.column === column ? { column, down: !order.down } : { column, down: column !== 'name' };
}

function valueOf(record: FunctionRecord, column: Column): number | string {
  switch (column) {
    case 'name':
      return record.name;
    case 'count':
      return total(record.counts);
    case 'done':
      return record.counts.done ?? 0;
    case 'failed':
      return (record.counts.failed ?? 0) + (record.counts.upstream ?? 0);
    default:
      return record[column] ?? -1; // not known yet: less than anything
  }
}

/** Sorted rows; equal ones stay in the order in which the functions were first called. */
export function sorted(rows: [string, FunctionRecord][], { column, down }: Order): [string, FunctionRecord][] {
  const sign = down ? -1 : 1;
  return [...rows].sort(([keyA, a], [keyB, b]) => {
    const [x, y] = [valueOf(a, column), valueOf(b, column)];
    const compared = typeof x === 'string' ? x.localeCompare(String(y), 'en', { numeric: true }) : x - Number(y);
    return sign * compared || Number(keyA) - Number(keyB);
  });
}
