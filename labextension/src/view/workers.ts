// Workers: what each does now and since when, how busy it was, its CPU and memory; the store and the GPUs.
import { type GpuRecord, nothing, type State, type WorkerRecord } from '../feed/reducer.ts';
import { el, Rows, setAttribute, setText } from '../page/dom.ts';
import { busyShare, type Lane, lanesOf } from '../stream/lanes.ts';
import { inBytes, inPercent, sinceThen } from '../words/format.ts';
import { nameOf } from '../words/names.ts';
import { Meter, Sparkline } from './meters.ts';

const SHOWN = 64;
const BUSY_S = 30;
const POINTS = 60;
const MIB = 2 ** 20;

interface Parts {
  element: HTMLElement;
  name: HTMLElement;
  what: HTMLButtonElement;
  rest: HTMLElement;
  busy: Meter;
  cpu: Meter;
  memory: Meter;
  spark: Sparkline;
}

interface GpuParts {
  element: HTMLElement;
  name: HTMLElement;
  busy: Meter;
  memory: Meter;
}

export class WorkersView {
  private readonly list = el('ul', { class: 'trd-rows trd-cards' });
  private readonly title = el('h3', { class: 'trd-title' }, 'Workers');
  private readonly more = el('div', { class: 'trd-muted' });
  private readonly store = new Meter('store');
  private readonly gpus = el('ul', { class: 'trd-rows trd-cards', 'aria-label': 'GPUs', hidden: true });
  readonly element = el('section', { class: 'trd-section', 'aria-label': 'Workers' }, this.title, this.list, this.more, this.store.element, this.gpus);
  private readonly rows = new Rows<WorkerRecord, Parts>(this.list, () => this.make(), (parts, record, key) => this.fill(parts, record, key));
  private readonly gpuRows = new Rows<GpuRecord, GpuParts>(this.gpus, makeGpu, fillGpu);
  private readonly running = new Map<number, { number: number; since: number | undefined }>(); // by worker
  private lanes = new Map<number, Lane>();
  private state: State | null = null;
  private most = 1;
  private now = 0;

  constructor(private readonly choose: (id: string) => void) {}

  update(state: State): void {
    this.state = state;
    this.now = Date.now() / 1000;
    this.running.clear();
    for (const [number, task] of Object.entries(state.task)) {
      if (task.state === 'running' && task.worker !== undefined) this.running.set(task.worker, { number: Number(number), since: task.since });
    }
    this.lanes = new Map(lanesOf(state, this.now).map((lane) => [lane.worker, lane]));
    const session = state.session['self'] ?? {};
    this.most = Number(session['memory_per_worker'] ?? 0) || largestRss(state);
    const all = Object.entries(state.worker).sort(([keyA, a], [keyB, b]) => Number(a.state === 'gone') - Number(b.state === 'gone') || Number(keyA) - Number(keyB));
    const alive = all.filter(([, worker]) => worker.state !== 'gone');
    const busy = alive.filter(([, worker]) => worker.state === 'busy').length;
    setText(this.title, alive.length ? `Workers · ${busy} of ${alive.length} busy` : all.length ? 'Workers · all have ended' : 'Workers · none yet');
    this.rows.update(all.slice(0, SHOWN));
    setText(this.more, all.length > SHOWN ? `and ${all.length - SHOWN} more` : '');
    const [used, limit] = [Number(session['store'] ?? 0), Number(session['store_limit'] ?? 0)];
    this.store.element.hidden = !limit;
    this.store.set((100 * used) / Math.max(1, limit), `${inBytes(used)} of ${inBytes(limit)}`);
    const gpus = Object.entries(state.gpu);
    this.gpus.hidden = !gpus.length;
    this.gpuRows.update(gpus);
  }

  private make(): Parts {
    const name = el('span', { class: 'trd-name' });
    const what = el('button', { class: 'trd-what trd-link', type: 'button' });
    const rest = el('div', { class: 'trd-muted trd-reason' });
    const [busy, cpu, memory, spark] = [new Meter('busy'), new Meter('CPU'), new Meter('mem'), new Sparkline()];
    what.addEventListener('click', () => what.dataset['number'] && this.choose(what.dataset['number']));
    const meters = el('div', { class: 'trd-meters' }, busy.element, cpu.element, memory.element, spark.element);
    const element = el('li', { class: 'trd-worker' }, el('div', { class: 'trd-line' }, el('span', { class: 'trd-dot' }), name, what), meters, rest);
    return { element, name, what, rest, busy, cpu, memory, spark };
  }

  private fill(parts: Parts, record: WorkerRecord, key: string): void {
    const { element, name, what, rest, busy, cpu, memory, spark } = parts;
    const gone = record.state === 'gone';
    setAttribute(element, 'data-worker', key);
    setAttribute(element, 'data-state', record.state);
    setText(name, `worker ${key}`);
    name.title = record.pid ? `process ${record.pid}` : '';
    const running = gone ? undefined : this.running.get(Number(key));
    const number = gone ? undefined : (record.task ?? running?.number);
    setText(what, number === undefined ? (gone ? 'ended' : record.state) : this.doing(number, running?.since));
    what.disabled = number === undefined;
    what.dataset['number'] = number === undefined ? '' : String(number);
    what.title = what.textContent ?? '';
    rest.hidden = !gone;
    setText(rest, record.reason ?? 'ended');
    if (gone) return;
    const lane = this.lanes.get(Number(key));
    const began = Math.max(this.now - BUSY_S, lane?.spans[0]?.begin ?? this.now);
    const share = lane && this.now > began ? busyShare(lane, began, this.now) : 0;
    busy.set(100 * share, inPercent(share));
    busy.element.title = `busy in the last ${BUSY_S} s`;
    cpu.set(record.cpu ?? 0, `${Math.round(record.cpu ?? 0)} %`);
    memory.set((100 * (record.rss ?? 0)) / this.most, record.rss ? inBytes(record.rss) : '–');
    memory.element.title = `of about ${inBytes(this.most)} for each worker`;
    const series = record.mem ?? [];
    spark.element.style.display = series.length > 1 ? '' : 'none';
    if (series.length > 1) {
      const [low, high] = [Math.min(...series), Math.max(...series)];
      spark.set(series, 1.15 * high, Math.min(POINTS, Math.max(12, series.length)), `Memory of worker ${key} in the last ${Math.ceil((series.length * 5) / 60)} min: ${inBytes(low * MIB)} to ${inBytes(high * MIB)}`);
    }
  }

  private doing(number: number, since: number | undefined): string {
    return `${nameOf(this.state ?? nothing(), String(number))}${since === undefined ? '' : ` · ${sinceThen(this.now - since)}`}`;
  }
}

function makeGpu(): GpuParts {
  const name = el('span', { class: 'trd-name' });
  const [busy, memory] = [new Meter('busy'), new Meter('mem')];
  return { element: el('li', { class: 'trd-gpu' }, el('div', { class: 'trd-line' }, name), el('div', { class: 'trd-meters' }, busy.element, memory.element)), name, busy, memory };
}

function fillGpu({ element, name, busy, memory }: GpuParts, gpu: GpuRecord, key: string): void {
  setAttribute(element, 'data-gpu', key);
  setText(name, `GPU ${key} · ${gpu.name}`);
  busy.set(gpu.busy, `${gpu.busy} %`);
  memory.set((100 * gpu.used) / Math.max(1, gpu.total), `${inBytes(gpu.used)} of ${inBytes(gpu.total)}`);
}

function largestRss(state: State): number {
  const sizes = Object.values(state.worker).map((worker) => worker.rss ?? 0);
  return Math.max(256 * MIB, ...sizes) * 1.25;
}
