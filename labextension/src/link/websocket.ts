// The Jupyter server's websocket to a runtime: needs no kernel, so it works while a cell blocks, and after a reload.
//
// Cookies come first: only if the server does not let the page in without it does the token go into the address. A
// line that drops is opened again, later each time; commands under way are refused then, and so are those for which
// nobody is there: no button waits for ever.
import { FEEDS, type FromPython, type Link, LOST, messageFrom, type ToPython, VERSION } from './link.ts';
import { Listeners } from './listeners.ts';

const AGAIN_MS = [200, 500, 1000, 2000, 5000, 10_000, 30_000];
const IN_VAIN = 4; // a server that never answered has none of Treadle: asked so often, and when the page is looked at again

interface Settings {
  readonly baseUrl: string;
  readonly wsUrl: string;
  readonly token: string;
}

/** Where the page's own server is, as JupyterLab and Notebook 7 write it into the page; null in other front ends. */
export function settingsOfPage(): Settings | null {
  try {
    const found = JSON.parse(document.getElementById('jupyter-config-data')?.textContent ?? 'null') as { [name: string]: string } | null;
    if (!found?.['baseUrl']) return null;
    return { baseUrl: found['baseUrl'], wsUrl: found['wsUrl'] ?? '', token: found['token'] ?? '' };
  } catch {
    return null; // no page of Jupyter's
  }
}

/** The addresses of a runtime's websocket, to be tried in turn. */
export function addressesOf(settings: Settings, runtime: string, page: { origin: string } = location): string[] {
  const base = settings.wsUrl || new URL(settings.baseUrl, page.origin).href.replace(/^http/, 'ws');
  const url = `${base.replace(/\/$/, '')}/treadle/ws/${encodeURIComponent(runtime)}`;
  return settings.token ? [url, `${url}?token=${encodeURIComponent(settings.token)}`] : [url];
}

export class ServerLink implements Link {
  readonly queued = false;
  /** Why the runtime or the server won't speak to this page, one sentence. */
  refused = '';
  /** Whether the runtime has answered, and nothing is lost since. */
  open = false;
  private readonly listeners = new Listeners<FromPython>();
  private readonly asked = new Set<number>();
  private readonly held: Extract<ToPython, { type: 'command' }>[] = [];
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined; // while it will be tried again
  private failures = 0;
  private address = 0;
  private answered = false; // ever
  private greeted = false;
  private ended = false;

  constructor(private readonly addresses: readonly string[]) {
    window.addEventListener('online', this.soon);
    document.addEventListener('visibilitychange', this.soon);
    this.connect();
  }

  get name(): string {
    return this.open ? 'live' : this.refused ? 'not connected' : 'connecting';
  }

  /** Whether it has been tried in vain. */
  get failing(): boolean {
    return !this.open && (this.failures > 0 || this.refused !== '');
  }

  send(message: ToPython): void {
    if (message.type === 'hello') this.greeted = true;
    else if (message.type === 'bye') this.greeted = false;
    if (this.open) this.pass(message);
    else if (message.type === 'command') this.hold(message);
  }

  listen(take: (message: FromPython) => void): () => void {
    return this.listeners.add(take);
  }

  dispose(): void {
    this.ended = true;
    this.open = false;
    clearTimeout(this.timer);
    this.refuse(LOST);
    window.removeEventListener('online', this.soon);
    document.removeEventListener('visibilitychange', this.soon);
    this.listeners.clear();
    this.socket?.close();
  }

  /** A command for when the line stands; if it has been given up, that is reason to look again. */
  private hold(command: (typeof this.held)[number]): void {
    this.held.push(command);
    if (this.refused || this.ended) this.refuse(this.refused || LOST);
    else if (!this.socket && this.timer === undefined) this.connect();
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const address = this.addresses[this.address % this.addresses.length];
    if (address === undefined) return;
    const socket = (this.socket = new WebSocket(address));
    socket.onmessage = (event: MessageEvent<string>) => this.onMessage(parsed(event.data));
    socket.onclose = () => this.onClose();
  }

  private onMessage(message: { type?: unknown; reason?: unknown } | null): void {
    if (message?.type === 'welcome') {
      this.open = this.answered = true;
      this.failures = 0;
      this.refused = '';
      if (this.greeted) this.pass({ type: 'hello' });
      for (const held of this.held.splice(0)) this.pass(held);
      this.listeners.tell({ type: 'link' });
    } else if (message?.type === 'refused') {
      this.refused = String(message.reason);
      this.listeners.tell({ type: 'status', text: this.refused });
    } else {
      const known = messageFrom(message);
      if (known?.type === 'reply') this.asked.delete(known.id);
      if (known) this.listeners.tell(known);
    }
  }

  private onClose(): void {
    this.socket = null;
    if (this.ended) return;
    const was = this.open;
    this.open = false;
    if (!was && !this.refused) this.address += 1; // maybe it wants the token
    const later = was || this.address % this.addresses.length === 0 || this.refused;
    if (later) this.failures += 1;
    const unheard = this.failures > 1 || this.refused ? [] : this.held.splice(0);
    this.refuse(this.refused || LOST);
    this.held.push(...unheard);
    const again = AGAIN_MS[Math.min(this.refused ? AGAIN_MS.length - 1 : this.failures - 1, AGAIN_MS.length - 1)] ?? 0;
    const wait = later ? again * (0.75 + Math.random() / 2) : 0;
    if (this.answered || this.failures < IN_VAIN) this.timer = setTimeout(() => this.connect(), wait);
    this.listeners.tell({ type: 'link' });
  }

  /** The page is looked at again, or the network is back: look now. */
  private readonly soon = (): void => {
    if (this.socket || this.ended || document.hidden || this.refused) return;
    this.failures = Math.min(this.failures, 1);
    this.connect();
  };

  /** Nobody will answer what is asked. */
  private refuse(error: string): void {
    const ids = [...this.asked, ...this.held.splice(0).map(({ id }) => id)];
    this.asked.clear();
    for (const id of ids) this.listeners.tell({ type: 'reply', id, error });
  }

  private pass(message: ToPython): void {
    if (message.type === 'command') this.asked.add(message.id);
    this.socket?.send(JSON.stringify(message.type === 'hello' ? { ...message, feeds: FEEDS, version: VERSION } : message));
  }
}

/** What a frame of text says; null if that can't be read. */
function parsed(text: string): { type?: unknown } | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' ? found : null;
  } catch {
    return null; // cut off, or not for us: what follows may be whole
  }
}
