// The numbers of cells that run: the page shows [*] until a cell has ended, its tasks are known by the number before that.
import type { Cell, INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { KernelMessage } from '@jupyterlab/services';

const KEPT = 200;

export class CellNumbers {
  private readonly byRequest = new Map<string, number>();

  constructor(tracker: INotebookTracker | null) {
    tracker?.widgetAdded.connect((_, panel) => this.follow(panel));
    tracker?.forEach((panel) => this.follow(panel));
  }

  /** 0 if the cell has none. */
  of(cell: Cell): number {
    const request = cell.outputArea?.future?.msg.header.msg_id;
    const running = request === undefined ? undefined : this.byRequest.get(request);
    return running ?? cell.model.executionCount ?? this.told(cell);
  }

  /** The number that the line below the cell bears, from before a reload. */
  private told(cell: Cell): number {
    const lines = [...cell.node.querySelectorAll('[class*="treadle-of-"]')];
    const numbers = lines.map((line) => Number(/treadle-of-(\d+)/.exec(line.className)?.[1] ?? 0));
    return Math.max(0, ...numbers);
  }

  private follow(panel: NotebookPanel): void {
    panel.sessionContext.iopubMessage.connect((_, message) => this.take(message as KernelMessage));
  }

  private take(message: KernelMessage): void {
    if (message.header.msg_type !== 'execute_input') return;
    const request = message.parent_header.msg_id;
    if (request) this.byRequest.set(request, Number(message.content['execution_count']));
    if (this.byRequest.size > KEPT) this.byRequest.delete(this.byRequest.keys().next().value as string);
  }
}
