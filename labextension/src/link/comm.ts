// The kernel's comm: the custom messages of an anywidget's model.
import type { FromPython, Link, ToPython } from './link.ts';

export interface Model {
  get(name: string): unknown;
  send(message: unknown): void;
  on(event: 'msg:custom', callback: (message: FromPython) => void): void;
  off(event: 'msg:custom', callback: (message: FromPython) => void): void;
}

export class CommLink implements Link {
  readonly name = 'live';
  readonly queued = false;

  constructor(private readonly model: Model) {}

  send(message: ToPython): void {
    this.model.send(message);
  }

  listen(take: (message: FromPython) => void): () => void {
    this.model.on('msg:custom', take);
    return () => this.model.off('msg:custom', take);
  }
}
