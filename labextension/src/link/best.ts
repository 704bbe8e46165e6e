// The best way there is: the server's websocket while it works, else the kernel's comm; and back.
//
// Deltas of both say the same and have the same numbers, so a view that changes ways just goes on; a snapshot comes
// first each time. What the comm still sends while the websocket serves is passed over.
import type { CommLink } from './comm.ts';
import type { FromPython, Link, ToPython } from './link.ts';
import { Listeners } from './listeners.ts';
import type { ServerLink } from './websocket.ts';

const PATIENCE_MS = 1500; // a server that has not answered by then is waited for in the background

export class BestLink implements Link {
  private readonly listeners = new Listeners<FromPython>();
  private make: (() => ServerLink) | null = null;
  private server: ServerLink | null = null;
  private greeted = false;
  private byServer = false;
  private told = false; // the comm knows who feeds this page
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly comm: CommLink) {
    comm.listen((message) => this.onComm(message));
  }

  /** Use this way as soon as somebody looks, as far as it works; the one before it is ended. */
  useServer(make: (() => ServerLink) | null): void {
    this.server?.dispose();
    this.server = null;
    this.make = make;
    if (this.greeted) this.openServer();
    this.choose();
  }

  get name(): string {
    return this.byServer ? 'live' : this.comm.name;
  }

  get queued(): boolean {
    return !this.byServer && this.comm.queued;
  }

  /** The kernel's end has gone for ever, as far as has been tried. */
  get gone(): boolean {
    return this.comm.gone;
  }

  send(message: ToPython): void {
    if (message.type === 'hello') this.hello();
    else if (message.type === 'bye') this.bye();
    else if (this.byServer) this.server?.send(message);
    else this.comm.send(message);
  }

  listen(take: (message: FromPython) => void): () => void {
    return this.listeners.add(take);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.greeted = false;
    this.server?.dispose();
    this.comm.dispose();
    this.listeners.clear();
  }

  private hello(): void {
    const again = this.greeted;
    this.greeted = true;
    this.openServer();
    if (again && this.byServer) this.server?.send({ type: 'hello' });
    else if (again && this.told) this.comm.greet(true);
    else this.choose();
  }

  private bye(): void {
    clearTimeout(this.timer);
    this.greeted = this.told = false;
    this.server?.send({ type: 'bye' });
    this.comm.leave();
  }

  private openServer(): void {
    if (this.server || !this.make) return;
    this.server = this.make();
    this.server.listen((message) => this.onServer(message));
  }

  /** Take the server if it is there, the comm if it is not; give the server a moment at first. */
  private choose(): void {
    const open = this.server?.open ?? false;
    if (open !== this.byServer) {
      this.byServer = open;
      this.told = false;
      this.listeners.tell({ type: 'link' });
    }
    if (!this.greeted || this.told) return;
    clearTimeout(this.timer);
    if (open) this.greet(true);
    else if (!this.server || this.server.failing) this.greet(false);
    else this.timer = setTimeout(() => this.greet(false), PATIENCE_MS);
  }

  private greet(byServer: boolean): void {
    this.told = true;
    if (byServer) this.server?.send({ type: 'hello' });
    this.comm.greet(!byServer);
  }

  private onServer(message: FromPython): void {
    if (message.type === 'link') this.choose();
    else if (message.type === 'status') return; // the comm serves then, and needs no help
    else this.listeners.tell(message);
  }

  private onComm(message: FromPython): void {
    if (this.byServer && message.type !== 'reply') return;
    this.listeners.tell(message);
  }
}
