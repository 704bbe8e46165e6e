// What a person can have done with tasks: cancel, retry, copy as code, look. Each says in one line what came of it.
import { type Answer, type Commands, type Link, Refused } from '../link/link.ts';
import type { FailureRecord } from '../feed/reducer.ts';
import { many, wordsOf } from '../words/format.ts';
import { copy } from './clipboard.ts';

/** Tasks by number; besides, all that failed like `alike`, if these are more. */
export interface Failed {
  readonly numbers: number[];
  readonly alike?: number;
}

/** What stands in a row: the feed names the first few, the runtime knows the others. */
export function failedLike(failure: FailureRecord | undefined, number: number): Failed {
  const numbers = failure?.numbers ?? [number];
  return (failure?.count ?? 1) > numbers.length ? { numbers, alike: number } : { numbers };
}

export type Say = (text: string, bad: boolean) => void;

const WAITS = 'waits for the running cell';

export class Actions {
  constructor(
    private readonly commands: Commands,
    private readonly link: Link,
  ) {}

  cancel(numbers: number[], say: Say): Promise<boolean> {
    return this.run(this.commands.ask('cancel', { numbers }), 'Cancelling', say, () => `Cancelled ${nameOf(numbers)}: what runs is interrupted now.`);
  }

  cancelCell(cell: number, near: number | undefined, say: Say): Promise<boolean> {
    const done = (data: Answer): string => `Cancelled ${many(Number(data['total'] ?? 0), 'task')} of cell [${cell}].`;
    return this.run(this.commands.ask('cancel_cell', near === undefined ? { cell } : { cell, near }), 'Cancelling', say, done);
  }

  retry(these: Failed, say: Say): Promise<boolean> {
    const { numbers } = these;
    const done = (data: Answer): string => {
      const refused = Array.isArray(data['refused']) ? data['refused'].length : 0;
      const total = Number(data['total'] ?? numbers.length);
      const tried = total === 1 ? `${nameOf(numbers)} is tried again` : `${many(total, 'task')} are tried again`;
      return `${tried}${data['note'] ? `, ${String(data['note'])}` : ''}.${refused ? ` ${many(refused, 'other')} can't be.` : ''}`;
    };
    return this.run(this.commands.ask('retry', { ...these }), 'Trying again', say, done);
  }

  /** The code that repeats a call, into the clipboard, or selected in `place`. */
  async copyCode(number: number, place: HTMLElement, say: Say): Promise<boolean> {
    let copied = false;
    const asked = this.commands.ask('code', { number }).then(async (data) => {
      copied = await copy(String(data['code'] ?? ''), place);
      return data;
    });
    return this.run(asked, 'Asking for the code', say, () => (copied ? 'Copied: paste it into a cell.' : 'Press Ctrl+C to copy what is selected.'));
  }

  /** A person has looked at these failures. Nothing to say, whatever comes of it. */
  seen(these: Failed): void {
    this.commands.ask('seen', { ...these }).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    });
  }

  private async run(asked: Promise<Answer>, doing: string, say: Say, done: (data: Answer) => string): Promise<boolean> {
    const begin = (): void => say(this.link.queued ? `${doing}: ${WAITS}.` : `${doing}…`, false);
    begin();
    const end = this.link.listen((message) => void (message.type === 'link' && begin())); // that it waits shows only after a moment
    try {
      say(done(await asked), false);
      return true;
    } catch (error) {
      say(wordsOf(error), true);
      return false;
    } finally {
      end();
    }
  }
}

function nameOf(numbers: number[]): string {
  return numbers.length === 1 ? `#${numbers[0]}` : many(numbers.length, 'task');
}
