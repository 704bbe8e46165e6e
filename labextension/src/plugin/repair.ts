// After a reload: output that arrives for cells which another page started would be dropped, and displays would stand still.
//
// What the kernel sends from then on is put where it belongs, by the request's and the display's id; what was missed
// meanwhile is asked of the kernel on its control channel, which a running cell does not block. Where the kernel
// cannot answer (a call that lets no thread run), the runtime says at least how far the tasks of a line are.
import type { CellModel, NotebookPanel, OutputAreaModel } from '@jupyterlab/notebook';
import { type KernelConnection, KernelMessage as Messages, type KernelMessage } from '@jupyterlab/services';
import { type Anchor, anchorIn, lacking, type Piece } from './anchors.ts';
import { type LineFacts, lineHtml, lineText } from './line.ts';

const AGAIN_MS = 1500;
const QUIET_MS = 1500;
const EVERY_MS = 1000;
const FIRST_MS = 250;
const KEPT = 500;

interface Answer {
  readonly cells: { readonly [cell: string]: { readonly request: string; readonly pieces: readonly Piece[] } };
  readonly displays: { readonly [display: string]: { readonly [mime: string]: unknown } };
  readonly running: Running | null;
}

/** A cell that runs: by its id in the notebook, its request, the number it will have. */
interface Running {
  readonly cell: string;
  readonly request: string;
  readonly number: number;
}

/** Ask a runtime how far the tasks of a line are; null if it is not there. */
export type AskLine = (anchor: Anchor) => Promise<LineFacts | null>;

export class Repair {
  private readonly own = new Set<string>(); // displays that this page has seen begin: the page itself updates them
  private readonly requests = new Map<string, string>(); // of cells that another page started -> the cell
  private readonly fed = new Map<string, number>(); // display -> when the kernel last said something of it
  private readonly since = new Map<string, string>(); // display -> what the runtime said when the kernel had spoken last
  private running: Running | null = null; // started by another page
  private kernel = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly panel: NotebookPanel,
    private readonly askLine: AskLine,
  ) {
    const context = panel.sessionContext;
    context.iopubMessage.connect((_, message) => this.take(message as KernelMessage));
    context.connectionStatusChanged.connect((_, status) => void (status === 'connected' && this.catchUp()));
    context.kernelChanged.connect(() => this.catchUp());
    context.statusChanged.connect((_, status) => void (/restarting$/.test(status) && this.forgetKernel()));
    void Promise.all([panel.context.ready, panel.revealed]).then(() => this.catchUp());
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  /** The kernel is restarted: the new one knows nothing of lines that stand here, their tasks may go on. */
  private forgetKernel(): void {
    this.own.clear();
    this.fed.clear();
    this.since.clear();
    this.followLines();
  }

  /** Ask for all that this page was not there for; once for each kernel, again a little later for what came between. */
  private catchUp(): void {
    const kernel = this.panel.sessionContext.session?.kernel;
    if (!kernel || kernel.connectionStatus !== 'connected' || kernel.id === this.kernel) return;
    this.kernel = kernel.id;
    const open = this.anchors().filter(({ anchor }) => anchor.open);
    const ask = (): Promise<void> => this.askKernel(kernel, open);
    void ask().then(() => setTimeout(() => void ask(), AGAIN_MS));
    if (open.length) this.followLines(FIRST_MS);
  }

  private async askKernel(kernel: KernelConnection, open: readonly Place[]): Promise<void> {
    if (this.panel.isDisposed || kernel.id !== this.kernel) return;
    const models = this.panel.content.widgets.map((cell) => cell.model).filter((model) => model.type === 'code');
    const cells = [...new Set(open.map(({ cell }) => cell.id))];
    const others = models.map((model) => model.id).filter((id) => !cells.includes(id));
    const content = { cells, others, displays: open.map(({ anchor }) => anchor.display) };
    const message = Messages.createMessage({ msgType: 'treadle_missed', channel: 'control', session: kernel.clientId, username: kernel.username, content });
    let reply: KernelMessage | undefined;
    try {
      reply = await kernel.sendControlMessage(message, true, true).done;
    } catch {
      return; // the kernel was restarted or has gone before it answered
    }
    if (this.panel.isDisposed || kernel.id !== this.kernel || !reply) return;
    const { cells: told = {}, displays = {}, running = null } = reply.content as unknown as Partial<Answer>; // a kernel without Treadle: an error
    for (const [display, data] of Object.entries(displays)) this.feed(display, data);
    for (const [id, { request, pieces }] of Object.entries(told)) {
      const model = models.find((each) => each.id === id);
      if (!model?.outputs || this.isOurs(id)) continue;
      this.remember(request, id);
      for (const piece of lacking(pieces, shownIn(model.outputs))) this.append(model.outputs, piece);
      for (const piece of pieces) if ('display' in piece) this.feed(piece.display, piece.data);
    }
    this.showRunning(running);
  }

  /** The prompt of the cell that another page started: `[*]`, its number when it has ended. */
  private showRunning(running: Running | null): void {
    if (this.running && this.running.request !== running?.request) this.endRunning(this.running);
    const model = running && this.modelOf(running.cell);
    if (!model || this.isOurs(running.cell)) return;
    this.running = running;
    this.remember(running.request, running.cell);
    model.executionState = 'running';
  }

  private endRunning({ cell, number }: Running): void {
    this.running = null;
    const model = this.modelOf(cell);
    if (!model || this.isOurs(cell)) return;
    model.executionCount = number || null;
    model.executionState = 'idle';
  }

  private modelOf(id: string): CellModel | undefined {
    return this.panel.content.widgets.find((cell) => cell.model.id === id)?.model;
  }

  /** Whether this page itself has run the cell, so that it gets all output anyway. */
  private isOurs(id: string): boolean {
    return Boolean(this.panel.content.widgets.find((cell) => cell.model.id === id)?.outputArea?.future);
  }

  private remember(request: string, cell: string): void {
    this.requests.set(request, cell);
    if (this.requests.size > KEPT) this.requests.delete(this.requests.keys().next().value as string);
  }

  // ------------------------------------------------------------ what the kernel sends
  private take(message: KernelMessage): void {
    const kind = message.header.msg_type;
    const content = message.content as { transient?: { display_id?: string }; data?: { [mime: string]: unknown }; name?: string; text?: string };
    const display = content.transient?.display_id ?? '';
    if (kind === 'status') {
      if (message.content['execution_state'] === 'idle' && this.running && message.parent_header.msg_id === this.running.request) this.endRunning(this.running);
      return;
    }
    if (kind === 'update_display_data') {
      if (!display.startsWith('treadle-') || this.own.has(display)) return;
      this.feed(display, content.data ?? {});
      return;
    }
    const cell = this.requests.get(message.parent_header.msg_id ?? '');
    if (cell === undefined || this.isOurs(cell)) {
      if (kind === 'display_data' && display) this.own.add(display);
      return;
    }
    const outputs = this.modelOf(cell)?.outputs;
    if (!outputs) return;
    if (kind === 'stream') this.append(outputs, { stream: String(content.name), text: String(content.text) });
    else if (kind === 'display_data') this.append(outputs, { display, data: content.data ?? {} });
    else if (kind === 'error' || kind === 'execute_result') outputs.add({ output_type: kind, ...message.content });
  }

  private append(outputs: OutputAreaModel, piece: Piece): void {
    if ('display' in piece) outputs.add({ output_type: 'display_data', data: piece.data, metadata: {} });
    else outputs.add({ output_type: 'stream', name: piece.stream, text: piece.text });
  }

  /** Show what the kernel says of a display: it knows more than the runtime does. */
  private feed(display: string, data: { readonly [mime: string]: unknown }): void {
    this.fed.set(display, Date.now());
    this.since.delete(display);
    this.exchange(display, data);
  }

  /** Exchange what stands under a display's id, wherever that is. */
  private exchange(display: string, data: { readonly [mime: string]: unknown }): void {
    for (const { anchor, outputs, index } of this.anchors()) {
      if (anchor.display !== display || outputs.get(index).data['text/html'] === data['text/html']) continue;
      outputs.set(index, { output_type: 'display_data', data, metadata: {} });
    }
  }

  private anchors(): Place[] {
    return this.panel.content.widgets.flatMap(({ model }) => (model.outputs ? anchorsIn(model, model.outputs) : []));
  }

  // ------------------------------------------------------------ what only the runtime can say
  /** While the kernel says nothing, the runtime tells how far the tasks of open lines are. */
  private followLines(after = EVERY_MS): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      if (this.panel.isDisposed) return;
      const open = this.anchors().filter(({ anchor }) => anchor.open && anchor.kind === 'line' && anchor.tasks && !this.own.has(anchor.display));
      const quiet = open.filter(({ anchor }) => Date.now() - (this.fed.get(anchor.display) ?? 0) > QUIET_MS);
      await Promise.all(quiet.map(({ anchor }) => this.askRuntime(anchor)));
      if (open.length) this.followLines();
    }, after);
  }

  private async askRuntime(anchor: Anchor): Promise<void> {
    const facts = await this.askLine(anchor);
    const spoke = this.fed.get(anchor.display);
    if (!facts || (spoke !== undefined && Date.now() - spoke <= QUIET_MS)) return;
    const said = JSON.stringify(facts.counts);
    if (spoke !== undefined && (this.since.get(anchor.display) ?? said) === said) {
      this.since.set(anchor.display, said); // nothing has changed, so the kernel is not to blame for being quiet
      return;
    }
    this.exchange(anchor.display, { 'text/html': lineHtml(anchor, facts), 'text/plain': lineText(facts) });
  }
}

interface Place {
  readonly cell: CellModel;
  readonly outputs: OutputAreaModel;
  readonly index: number;
  readonly anchor: Anchor;
}

function anchorsIn(cell: CellModel, outputs: OutputAreaModel): Place[] {
  const found: Place[] = [];
  for (let index = 0; index < outputs.length; index++) {
    const anchor = anchorIn(outputs.get(index).data['text/html']);
    if (anchor) found.push({ cell, outputs, index, anchor });
  }
  return found;
}

function shownIn(outputs: OutputAreaModel): { text: string; has(display: string, data: { readonly [mime: string]: unknown }): boolean } {
  const all = Array.from({ length: outputs.length }, (_, i) => outputs.get(i));
  const text = all.map((output) => (output.type === 'stream' ? output.toJSON()['text'] : ''));
  return {
    text: text.map((each) => (Array.isArray(each) ? each.join('') : String(each ?? ''))).join(''),
    has: (display, data) =>
      all.some((output) => {
        if (anchorIn(output.data['text/html'])?.display === display) return true;
        const mimes = Object.keys(data).filter((mime) => mime !== 'text/plain');
        return (mimes.length ? mimes : ['text/plain']).every((mime) => JSON.stringify(output.data[mime]) === JSON.stringify(data[mime]));
      }),
  };
}
