// Free places in a column: the nearest one in amortised constant time (union-find over what is taken).

/** Integers from 0 on, each free until taken. */
export class Slots {
  private readonly down = new Map<number, number>(); // taken slot -> somewhere nearer to the next free one below
  private readonly up = new Map<number, number>(); // the same towards 0; -1: none
  private readonly given = new Set<number>(); // taken once, free again

  /** Take the free slot nearest to `wanted` and return it. */
  take(wanted: number): number {
    const at = Math.max(0, Math.ceil(wanted - 0.5));
    for (const slot of [at, at + 1, at - 1]) if (this.given.delete(slot)) return slot;
    const below = this.find(this.down, at);
    const above = this.find(this.up, at);
    const slot = above >= 0 && at - above < below - at ? above : below;
    this.down.set(slot, slot + 1);
    this.up.set(slot, slot - 1);
    return slot;
  }

  /** Give a slot back. */
  give(slot: number): void {
    this.given.add(slot);
  }

  private find(next: Map<number, number>, from: number): number {
    let end = from;
    for (let step = next.get(end); step !== undefined; step = next.get(end)) end = step;
    for (let at = from, step = next.get(at); step !== undefined; step = next.get(at)) {
      next.set(at, end);
      at = step;
    }
    return end;
  }
}

/** Positions as near as can be to `wanted` (ascending), each at least 1 after the one before (pool adjacent violators). */
export function spread(wanted: number[]): number[] {
  const blocks: { mean: number; size: number }[] = [];
  wanted.forEach((value, i) => {
    let block = { mean: value - i, size: 1 };
    for (let last = blocks.at(-1); last && last.mean > block.mean; last = blocks.at(-1)) {
      blocks.pop();
      const size = last.size + block.size;
      block = { mean: (last.mean * last.size + block.mean * block.size) / size, size };
    }
    blocks.push(block);
  });
  const positions: number[] = [];
  for (const block of blocks) for (let i = 0; i < block.size; i++) positions.push(block.mean + positions.length);
  return positions;
}
