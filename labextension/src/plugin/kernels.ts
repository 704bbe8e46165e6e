// Lines to the kernels of open notebooks: runtimes that the Jupyter server does not reach are seen and steered over them.
//
// The page opens a comm, and the kernel tells on it what runtime it has (kernel_ext/treadle/view/page_lines.py). A kernel
// that has no Treadle logs each attempt as an error, so there is none before a sign of Treadle: a cell that names it, or
// something of it below one.
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Comm, KernelConnection, KernelMessage } from '@jupyterlab/services';
import { CommLink, type Model } from '../link/comm.ts';
import { BestLink } from '../link/best.ts';
import { LOST } from '../link/link.ts';
import { Listeners } from '../link/listeners.ts';
import type { Runtime, Runtimes } from './runtimes.ts';
import type { OpenLink } from './watch.ts';

const TARGET = 'treadle';
const NAMED = /\btreadle\b/;

/** A line to one kernel, as the model of a comm link. */
class KernelLine implements Model {
  rows: readonly Runtime[] = [];
  private comm: Comm | null = null;
  private readonly takers = new Listeners<unknown>();

  constructor(
    private readonly kernel: KernelConnection,
    private readonly news: () => void,
  ) {
    kernel.statusChanged.connect(this.onStatus);
  }

  /** Whether what is said now waits until the running cell has ended. */
  get waits(): boolean {
    const { status, supportsSubshells, commsOverSubshells } = this.kernel;
    return status === 'busy' && (!supportsSubshells || commsOverSubshells === 'disabled');
  }

  get open(): boolean {
    return this.comm !== null && !this.comm.isDisposed;
  }

  connect(): void {
    if (this.open || !this.kernel.handleComms) return;
    const comm = (this.comm = this.kernel.createComm(TARGET));
    comm.onMsg = (message) => this.take(message.content['data'] as { type?: unknown; runtimes?: readonly Runtime[] } | null);
    comm.onClose = () => this.lost();
    comm.open({});
  }

  dispose(): void {
    this.kernel.statusChanged.disconnect(this.onStatus);
    const comm = this.comm;
    this.lost();
    if (comm && !comm.isDisposed) comm.close();
  }

  get(): unknown {
    return '';
  }

  send(message: unknown): void {
    const { type, id } = message as { type: string; id?: number };
    if (this.open) this.comm?.send(message);
    else if (type === 'command') this.takers.tell({ type: 'reply', id, error: LOST });
  }

  on(_: string, take: (message: unknown) => void): void {
    this.takers.add(take);
  }

  off(_: string, take: (message: unknown) => void): void {
    this.takers.delete(take);
  }

  private take(message: { type?: unknown; runtimes?: readonly Runtime[] } | null): void {
    if (message?.type === 'runtimes') {
      this.rows = message.runtimes ?? [];
      this.news();
    } else this.takers.tell(message);
  }

  private lost(): void {
    this.comm = null;
    this.rows = [];
    this.news();
  }

  private readonly onStatus = (_: unknown, status: string): void => {
    if (this.comm && (status === 'restarting' || status === 'autorestarting' || status === 'dead')) this.lost();
    else this.takers.tell({ type: 'link' });
  };
}

/** The runtimes of open notebooks' kernels that the server does not list. */
export class Kernels {
  private readonly lines = new Map<string, KernelLine>(); // by the kernel's id
  private readonly signs = new Set<string>(); // kernels with Treadle
  private readonly naming = new Set<string>(); // a cell that names Treadle runs
  private readonly greeted = new WeakSet<KernelConnection>();

  constructor(
    private readonly tracker: INotebookTracker,
    private readonly runtimes: Runtimes,
  ) {
    tracker.forEach((panel) => this.follow(panel));
    tracker.widgetAdded.connect((_, panel) => this.follow(panel));
    runtimes.listen(() => this.look());
  }

  /** Their rows, as a server would list them. */
  list(): Runtime[] {
    const found = new Map<string, Runtime>();
    this.tracker.forEach(({ context, sessionContext }) => {
      const id = sessionContext.session?.kernel?.id;
      for (const row of (id && this.lines.get(id)?.rows) || []) {
        const same = found.get(row.name);
        const title = row.title || context.path.slice(context.path.lastIndexOf('/') + 1);
        found.set(row.name, { ...row, title, kernels: [...(same?.kernels ?? []), id as string], present: true, via: 'kernel' });
      }
    });
    return [...found.values()];
  }

  /** A link to one of them. */
  linkTo(runtime: Runtime): OpenLink {
    const line = runtime.kernels?.map((id) => this.lines.get(id)).find((each) => each);
    if (!line) throw new Error(`No kernel of ${runtime.name} is open in this page.`);
    return new BestLink(new CommLink(line));
  }

  private follow(panel: NotebookPanel): void {
    const context = panel.sessionContext;
    context.iopubMessage.connect((_, message) => this.onMessage(context.session?.kernel?.id, message as KernelMessage));
    context.connectionStatusChanged.connect(() => this.onKernel(panel));
    context.kernelChanged.connect(() => this.onKernel(panel));
    panel.disposed.connect(() => this.look());
    void Promise.all([panel.context.ready, panel.revealed]).then(() => this.onKernel(panel));
  }

  /** A kernel that may have run before this page did: the notebook's text is the sign. */
  private onKernel(panel: NotebookPanel): void {
    this.look();
    const kernel = panel.isDisposed ? null : panel.sessionContext.session?.kernel;
    if (kernel?.connectionStatus !== 'connected' || this.greeted.has(kernel)) return;
    this.greeted.add(kernel);
    if (panel.content.widgets.some(({ model }) => model.executionCount && NAMED.test(model.sharedModel.getSource()))) this.onSign(kernel.id);
  }

  private onMessage(id: string | undefined, { header, parent_header, content }: KernelMessage): void {
    if (!id) return;
    const shown = (content['transient'] as { display_id?: string } | undefined)?.display_id?.startsWith('treadle-');
    if (header.msg_type === 'execute_input' && NAMED.test(String(content['code']))) this.naming.add(id);
    else if (shown && !this.lines.get(id)?.open) this.onSign(id, true);
    else if (content['execution_state'] === 'idle' && parent_header.msg_type === 'execute_request' && this.naming.delete(id)) this.onSign(id);
  }

  /** Where the server serves, only a runtime that it does not list is a reason to ask its kernel. */
  private onSign(id: string, certain = false): void {
    void this.runtimes.refresh().then(() => {
      if (!certain && !this.runtimes.missing) return;
      this.signs.add(id);
      this.look(id);
    });
  }

  /** Hang up where the server serves or nobody is left; call where there are signs, again where there is a new one. */
  private look(again?: string): void {
    const kernels = new Map<string, KernelConnection>();
    this.tracker.forEach(({ sessionContext }) => {
      const kernel = sessionContext.session?.kernel;
      if (kernel && this.signs.has(kernel.id) && !this.runtimes.isServed(kernel.id)) kernels.set(kernel.id, kernel);
    });
    for (const [id, line] of [...this.lines]) {
      if (kernels.has(id)) continue;
      this.lines.delete(id);
      line.dispose();
    }
    for (const [id, kernel] of kernels) {
      const known = this.lines.get(id);
      const line = known ?? new KernelLine(kernel, () => this.runtimes.merge());
      this.lines.set(id, line);
      if (!known || id === again) line.connect();
    }
  }
}
