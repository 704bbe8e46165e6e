// Which runtimes live, and whose they are: what the server extension tells, asked for again now and then.
//
// Knows the list and how to ask; nothing of views. Without the server extension `missing` says so, and the list has only what
// open notebooks' kernels tell of themselves (kernels.ts).
import { Listeners } from '../link/listeners.ts';
import { wordsOf } from '../words/format.ts';

export interface Runtime {
  readonly name: string;
  readonly epoch?: string; // whose task numbers these are: lines name it
  readonly title?: string; // what people call it: a name of theirs, or the notebook's
  readonly kernels?: readonly string[]; // ids of the kernels it has or had, newest first
  readonly notebooks?: readonly string[];
  readonly present?: boolean; // a kernel of it lives
  readonly workers?: number;
  readonly busy?: number;
  readonly running?: number;
  readonly waiting?: number;
  readonly held?: number;
  readonly failed?: number;
  readonly hint?: string; // one line: what does not fit together, and the command to run
  readonly via?: 'kernel'; // the page reaches it over a kernel's line only
}

export interface Listing {
  readonly runtimes: readonly Runtime[];
  readonly hint?: string;
}

/** The server does not serve runtimes: its environment lacks Treadle, the extension is switched off, or it is forbidden. Its message is for people. */
export class Missing extends Error {}

const MEANWHILE = 'Meanwhile open notebooks are reached over their kernels.';
export const INSTALL = `The Jupyter server does not know Treadle: run \`pip install treadle\` in the server's environment, then restart the server. ${MEANWHILE}`;
export const FORBIDDEN = `The Jupyter server does not let this page reach runtimes (403 Forbidden). ${MEANWHILE}`;
const BUSY_MS = 1000;
const MISSING_MS = 30_000;

export interface Source {
  list(): Promise<Listing>;
  stop(name: string): Promise<void>;
}

export function titleOf(runtime: Runtime): string {
  return runtime.title || runtime.notebooks?.[0] || runtime.name;
}

export class Runtimes {
  list: readonly Runtime[] = [];
  /** One line for the person, "" if all is well. */
  hint = '';
  /** Whether the server has been asked in vain. */
  missing = false;
  /** Those that are reached in another way, if the server does not list them. */
  others: () => readonly Runtime[] = () => [];
  private served: readonly Runtime[] = [];
  private readonly listeners = new Listeners();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: Promise<void> | null = null;
  private asked = 0;
  private said = '';
  private ended = false;

  constructor(
    private readonly source: Source,
    private readonly every: () => number,
    private readonly visible: () => boolean = () => !document.hidden,
  ) {}

  /** Be told when anything has changed; the returned function ends it. */
  listen(act: () => void): () => void {
    return this.listeners.add(act);
  }

  ofKernel(id: string | undefined): Runtime | undefined {
    return id ? this.list.find((runtime) => runtime.kernels?.includes(id)) : undefined;
  }

  named(name: string | undefined): Runtime | undefined {
    return this.list.find((runtime) => runtime.name === name);
  }

  /** Whether the server lists a runtime of this kernel. */
  isServed(kernel: string): boolean {
    return this.served.some((runtime) => runtime.kernels?.includes(kernel));
  }

  /** Look now, and from then on now and then. */
  refresh(): Promise<void> {
    if (this.missing && Date.now() - this.asked < MISSING_MS) return Promise.resolve(); // the timer goes on
    clearTimeout(this.timer);
    this.asked = Date.now();
    return (this.asking ??= this.look().finally(() => {
      this.asking = null;
      if (!this.ended) this.timer = setTimeout(() => void (this.visible() ? this.refresh() : this.later()), this.pause());
    }));
  }

  async stop(name: string): Promise<void> {
    await this.source.stop(name);
    await this.asking;
    await this.refresh();
  }

  dispose(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.listeners.clear();
  }

  private later(): void {
    this.timer = setTimeout(() => void (this.visible() ? this.refresh() : this.later()), BUSY_MS);
  }

  private pause(): number {
    const every = this.every() * 1000;
    if (this.missing) return Math.max(every, MISSING_MS);
    return this.list.some((runtime) => runtime.running || runtime.waiting) ? Math.min(every, BUSY_MS) : every;
  }

  private async look(): Promise<void> {
    try {
      const { runtimes, hint } = await this.source.list();
      this.served = runtimes;
      this.missing = false;
      this.hint = hint ?? '';
    } catch (error) {
      if (error instanceof Missing) {
        this.served = [];
        this.missing = true;
        this.hint = error.message;
      } else this.hint = `The Jupyter server did not answer: ${wordsOf(error)}`;
    }
    this.merge();
  }

  /** Put together what is known, and tell if that is news. */
  merge(): void {
    const epochs = new Set(this.served.map((runtime) => runtime.epoch));
    this.list = [...this.served, ...this.others().filter((runtime) => !epochs.has(runtime.epoch))];
    const said = JSON.stringify([this.list, this.hint]);
    if (said === this.said || this.ended) return;
    this.said = said;
    this.listeners.tell();
  }
}
