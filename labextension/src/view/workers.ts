// Workers: what each does now, its CPU and memory.
import type { State, WorkerRecord } from '../feed/reducer.ts';
import { el, Rows, setAttribute, setText } from './dom.ts';

const SHOWN = 24;

interface Parts {
  element: HTMLElement;
  name: HTMLElement;
  what: HTMLElement;
  cpu: Meter;
  memory: Meter;
}

class Meter {
  private readonly fillPart = el('span', { class: 'trd-meter-fill' });
  private readonly text = el('span', { class: 'trd-meter-text' });
  readonly element: HTMLElement;

  constructor(private readonly label: string) {
    const track = el('span', { class: 'trd-meter-track' }, this.fillPart);
    this.element = el('div', { class: 'trd-meter', role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-label': label }, el('span', { class: 'trd-meter-label' }, label), track, this.text);
  }

  set(percent: number, text: string): void {
    const value = Math.max(0, Math.min(100, percent));
    this.fillPart.style.width = `${value}%`;
    setText(this.text, text);
    setAttribute(this.element, 'aria-valuenow', String(Math.round(value)));
    setAttribute(this.element, 'aria-valuetext', `${this.label} ${text}`);
  }
}

export function inBytes(nbytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let at = 0;
  let value = nbytes;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${value >= 100 || at < 2 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

export class WorkersView {
  private readonly list = el('ul', { class: 'trd-rows' });
  private readonly title = el('h3', { class: 'trd-title' }, 'Workers');
  private readonly more = el('div', { class: 'trd-muted' });
  readonly element = el('section', { class: 'trd-section', 'aria-label': 'Workers' }, this.title, this.list, this.more);
  private readonly rows = new Rows<WorkerRecord, Parts>(this.list, () => this.make(), (parts, record, key) => this.fill(parts, record, key));
  private readonly running = new Map<number, number>(); // worker -> task
  private state: State | null = null;

  update(state: State): void {
    this.state = state;
    this.running.clear();
    for (const [number, task] of Object.entries(state.task)) {
      if (task.state === 'running' && task.worker !== undefined) this.running.set(task.worker, Number(number));
    }
    const all = Object.entries(state.worker).sort(([a], [b]) => Number(a) - Number(b));
    const alive = all.filter(([, w]) => w.state !== 'gone');
    const busy = alive.filter(([, w]) => w.state === 'busy').length;
    setText(this.title, alive.length ? `Workers · ${busy} of ${alive.length} busy` : 'Workers · none yet');
    this.rows.update(all.slice(0, SHOWN));
    setText(this.more, all.length > SHOWN ? `and ${all.length - SHOWN} more` : '');
  }

  private make(): Parts {
    const name = el('span', { class: 'trd-name' });
    const what = el('span', { class: 'trd-what' });
    const cpu = new Meter('CPU');
    const memory = new Meter('mem');
    const element = el('li', { class: 'trd-worker' }, el('div', { class: 'trd-line' }, el('span', { class: 'trd-dot' }), name, what), el('div', { class: 'trd-meters' }, cpu.element, memory.element));
    return { element, name, what, cpu, memory };
  }

  private fill({ element, name, what, cpu, memory }: Parts, record: WorkerRecord, key: string): void {
    setAttribute(element, 'data-worker', key);
    setAttribute(element, 'data-state', record.state);
    setText(name, `worker ${key}`);
    setText(what, this.doing(record, key));
    what.title = what.textContent ?? '';
    const most = Number(this.state?.session['self']?.['memory_per_worker'] ?? 0) || largestRss(this.state);
    cpu.set(record.cpu ?? 0, `${Math.round(record.cpu ?? 0)} %`);
    memory.set((100 * (record.rss ?? 0)) / most, record.rss ? inBytes(record.rss) : '–');
  }

  private doing(record: WorkerRecord, key: string): string {
    if (record.state === 'gone') return `gone: ${record.reason ?? 'ended'}`;
    const task = record.task ?? this.running.get(Number(key));
    if (task === undefined) return record.state;
    const fn = this.state?.task[task]?.fn;
    const name = fn === undefined ? 'task' : (this.state?.function[fn]?.name ?? 'task');
    return `${name} #${task}`;
  }
}

function largestRss(state: State | null): number {
  const sizes = Object.values(state?.worker ?? {}).map((worker) => worker.rss ?? 0);
  return Math.max(256 * 1024 * 1024, ...sizes) * 1.25;
}
