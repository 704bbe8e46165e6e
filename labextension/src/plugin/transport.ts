// How a runtime of the list is reached: over the server's websocket.
import type { FromPython, ToPython } from '../link/link.ts';
import { URLExt } from '@jupyterlab/coreutils';
import type { ServerSettings } from '@jupyterlab/services';
import type { OpenLink } from './watch.ts';

const AGAIN_MS = 1000;

export class ServerLink implements OpenLink {
  readonly queued = false;
  private readonly listeners = new Set<(message: FromPython) => void>();
  private socket: WebSocket | null = null;
  private waiting: ToPython[] = [];
  private greeted = false;
  private ended = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly settings: ServerSettings,
    private readonly runtime: string,
  ) {
    this.connect();
  }

  get name(): string {
    return this.socket?.readyState === WebSocket.OPEN ? 'live' : 'connecting';
  }

  send(message: ToPython): void {
    if (message.type === 'hello') this.greeted = true;
    if (message.type === 'bye') this.greeted = false;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    else if (message.type === 'command') this.waiting.push(message);
  }

  listen(take: (message: FromPython) => void): () => void {
    this.listeners.add(take);
    return () => void this.listeners.delete(take);
  }

  dispose(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private connect(): void {
    const token = this.settings.appendToken && this.settings.token ? `?token=${encodeURIComponent(this.settings.token)}` : '';
    const socket = (this.socket = new WebSocket(URLExt.join(this.settings.wsUrl, 'treadle', 'ws', encodeURIComponent(this.runtime)) + token));
    socket.onopen = () => {
      if (this.greeted) this.send({ type: 'hello' });
      for (const message of this.waiting.splice(0)) this.send(message);
      this.tell({ type: 'link' });
    };
    socket.onmessage = (event: MessageEvent<string>) => this.tell(JSON.parse(event.data) as FromPython);
    socket.onclose = () => {
      if (this.ended) return;
      this.tell({ type: 'link' });
      this.timer = setTimeout(() => this.connect(), AGAIN_MS);
    };
  }

  private tell(message: FromPython): void {
    for (const take of this.listeners) take(message);
  }
}
