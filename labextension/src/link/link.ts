// What a view is told and says, and over what: the view knows a link, not whether a server or a kernel is behind it.
//
// A page says hello when its view stands, bye when it has gone, reset when deltas are missing; all else is a command,
// which has one reply. Several transports share these messages (comm.ts, websocket.ts).
import type { Delta } from '../feed/reducer.ts';

declare const TREADLE_VERSION: string; // put in by build.mjs
export const VERSION = TREADLE_VERSION;
/** The versions of the feed that the reducer understands. */
export const FEEDS: readonly number[] = [1];

export type Answer = { [name: string]: unknown };

export type CommandName = 'cancel' | 'cancel_cell' | 'retry' | 'details' | 'log' | 'code' | 'story' | 'why' | 'members' | 'find' | 'seen' | 'line' | 'stop';

export type ToPython =
  | { type: 'hello' }
  | { type: 'bye' }
  | { type: 'reset' }
  | { type: 'command'; id: number; name: CommandName; args: Answer };

export type FromPython =
  | { type: 'delta'; data: Delta }
  | { type: 'reply'; id: number; data?: Answer; error?: string }
  | { type: 'status'; text: string }
  | { type: 'link' }; // said by the link itself: its `name` or `queued` has changed

/** What came, if it is a message that is understood; null: it is none, or one that only a later version knows. */
export function messageFrom(came: unknown): FromPython | null {
  if (typeof came !== 'object' || came === null) return null;
  const { type, id, data } = came as { type?: unknown; id?: unknown; data?: unknown };
  const whole = type === 'delta' ? typeof data === 'object' && data !== null : type === 'reply' ? typeof id === 'number' : type === 'status' || type === 'link';
  return whole ? (came as FromPython) : null;
}

export interface Link {
  /** How the page is served, in the head's words: "live", "live via kernel", "waits for the running cell". */
  readonly name: string;
  /** Whether commands wait for the cell that runs; buttons then say so. */
  readonly queued: boolean;
  send(message: ToPython): void;
  /** Be told what comes; the returned function ends it. */
  listen(take: (message: FromPython) => void): () => void;
}

/** Said to whoever waits for an answer that will not come. */
export const LOST = 'The connection to the runtime was lost before it answered. Try again.';

/** What a command could not do, in one sentence to show. */
export class Refused extends Error {}

/** Commands over a link: each has a number, and its reply finds who asked. */
export class Commands {
  private last = Math.floor(Math.random() * 2 ** 40); // a comm's replies reach every page
  private readonly waiting = new Map<number, { done: (data: Answer) => void; refused: (error: Error) => void }>();

  constructor(private readonly link: Link) {}

  /** Ask for something; rejects with `Refused` (one sentence) if it can't be done. */
  ask(name: CommandName, args: Answer): Promise<Answer> {
    const id = ++this.last;
    return new Promise((done, refused) => {
      this.waiting.set(id, { done, refused });
      this.link.send({ type: 'command', id, name, args });
    });
  }

  /** Whether `message` was the reply to a command. */
  take(message: FromPython): boolean {
    if (message.type !== 'reply') return false;
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error === undefined) waiting?.done(message.data ?? {});
    else waiting?.refused(new Refused(message.error));
    return true;
  }
}
