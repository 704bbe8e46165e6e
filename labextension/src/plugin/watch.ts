// A runtime that somebody looks at: its link, shared by all views of it, and what the feed says.
//
// The feed flows only while somebody looks (hello and bye are counted); commands work without.
import { nothing, reduce, type State } from '../feed/reducer.ts';
import { type Answer, type CommandName, Commands, type FromPython, type Link } from '../link/link.ts';
import { Listeners } from '../link/listeners.ts';
import type { Runtime } from './runtimes.ts';
import { inShort, type Status, statusIn, statusOf } from './status.ts';

export interface OpenLink extends Link {
  dispose(): void;
}

class Watch {
  state: State = nothing();
  private viewers = 0;
  private readonly commands: Commands;
  private readonly end: () => void;

  constructor(
    readonly link: OpenLink,
    private readonly changed: () => void,
  ) {
    this.commands = new Commands(link);
    this.end = link.listen((message) => this.take(message));
  }

  /** Whether the feed flows, so that `state` is what is. */
  get live(): boolean {
    return this.viewers > 0 && this.state.seq >= 0;
  }

  ask(name: CommandName, args: Answer): Promise<Answer> {
    return this.commands.ask(name, args);
  }

  /** Somebody begins to look; the returned function says that they no longer do. */
  look(): () => void {
    this.viewers += 1;
    this.link.send({ type: 'hello' }); // each view begins from a snapshot
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.viewers) return;
      this.link.send({ type: 'bye' });
      this.state = nothing();
    };
  }

  dispose(): void {
    this.link.dispose(); // who waits for an answer hears that none will come
    this.end();
  }

  private take(message: FromPython): void {
    if (this.commands.take(message) || message.type !== 'delta') return;
    reduce(this.state, message.data); // a gap: the views ask for a reset
    this.changed();
  }
}

/** What tells runtimes apart, and the ways to one. */
export function keyOf(runtime: Runtime): string {
  return runtime.via ? `${runtime.name} via ${runtime.via}` : runtime.name;
}

/** The watches of a page, by runtime; each is made when it is needed and kept until its runtime has gone. */
export class Watches {
  private readonly known = new Map<string, Watch>();
  private readonly listeners = new Listeners();

  constructor(private readonly open: (runtime: Runtime) => OpenLink) {}

  of(runtime: Runtime): Watch {
    const key = keyOf(runtime);
    let watch = this.known.get(key);
    if (!watch) this.known.set(key, (watch = new Watch(this.open(runtime), () => this.listeners.tell())));
    return watch;
  }

  /** End those of runtimes that are no longer there. */
  keep(runtimes: readonly Runtime[]): void {
    const keys = new Set(runtimes.map(keyOf));
    for (const [key, watch] of this.known) {
      if (keys.has(key)) continue;
      watch.dispose();
      this.known.delete(key);
    }
  }

  /** What is known of a runtime without asking anybody: from the feed if it flows, else from the list. */
  status(runtime: Runtime): Status | null {
    const watch = this.known.get(keyOf(runtime));
    return watch?.live ? statusOf(watch.state) : statusIn(runtime);
  }

  words(runtime: Runtime): string {
    const status = this.status(runtime);
    return status ? inShort(status) : runtime.workers === undefined ? '' : `${runtime.workers} workers`;
  }

  listen(act: () => void): () => void {
    return this.listeners.add(act);
  }
}
