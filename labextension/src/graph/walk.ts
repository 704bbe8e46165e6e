// Where an arrow key leads: left and right along the edges, up and down among those that stand in the same layer. Pure.
import type { Layered, Place } from '../layout/layered.ts';
import type { Scene } from './scene.ts';

export type Key = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'Home' | 'End';

export class Walk {
  private readonly trail = new Map<string, string>(); // node -> the neighbour one came from

  /** The node that `key` leads to from `id`; null if there is none. */
  step(layout: Layered, scene: Scene, id: string | null, key: Key): string | null {
    if (key === 'Home' || id === null) return order(layout)[0]?.id ?? null;
    if (key === 'End') return order(layout).at(-1)?.id ?? null;
    if (key === 'ArrowUp' || key === 'ArrowDown') return this.sibling(layout, id, key === 'ArrowUp' ? -1 : 1);
    const drawn = key === 'ArrowLeft' ? (scene.nodes.get(id)?.parents ?? []).filter((parent) => scene.nodes.has(parent)) : scene.childrenOf(id);
    const known = this.trail.get(`${key} ${id}`);
    const to = known !== undefined && drawn.includes(known) ? known : drawn[0];
    if (to === undefined) return null;
    this.trail.set(`${key === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft'} ${to}`, id); // and back again
    return to;
  }

  clear(): void {
    this.trail.clear();
  }

  private sibling(layout: Layered, id: string, by: number): string | null {
    const here = layout.places.get(id);
    if (!here) return null;
    const all = [...layout.places.values()].filter((place) => place.strip === here.strip && place.layer === here.layer).sort((a, b) => a.slot - b.slot);
    const next = all[all.indexOf(here) + by];
    if (next) return next.id;
    const others = order(layout).filter((place) => place.strip !== here.strip && place.strip.top > here.strip.top === by > 0);
    return (by > 0 ? others[0] : others.at(-1))?.id ?? null;
  }
}

/** All nodes as one reads: strips from top to bottom, in each from left to right. */
function order(layout: Layered): Place[] {
  return [...layout.places.values()].sort((a, b) => a.strip.top - b.strip.top || a.layer - b.layer || a.slot - b.slot);
}
