// One tab stop for many controls: the arrow keys walk among them, Tab leaves. What is added or taken away is found again.
import { setAttribute } from './dom.ts';

export interface Roving {
  /** After controls came or went: exactly one is a tab stop. */
  refresh(): void;
}

/** `selector` finds the controls below `parent`; `keys` are those for back and forth. */
export function roving(parent: HTMLElement, selector: string, keys: readonly [string, string], moved: (control: HTMLElement) => void = () => {}): Roving {
  const controls = (): HTMLElement[] => [...parent.querySelectorAll<HTMLElement>(selector)].filter((each) => !each.hidden);
  const stop = (wanted: HTMLElement | undefined): void => {
    for (const each of controls()) setAttribute(each, 'tabindex', each === wanted ? '0' : '-1');
  };
  const refresh = (): void => {
    const all = controls();
    stop(all.find((each) => each === each.ownerDocument.activeElement) ?? all.find((each) => each.getAttribute('tabindex') === '0') ?? all[0]);
  };
  parent.addEventListener('focusin', (event) => {
    const control = (event.target as HTMLElement).closest<HTMLElement>(selector);
    if (control) stop(control);
  });
  parent.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target as HTMLElement).matches(selector)) return;
    const all = controls();
    const at = all.indexOf(event.target as HTMLElement);
    const to = event.key === keys[0] ? at - 1 : event.key === keys[1] ? at + 1 : event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : NaN;
    const control = all[Math.max(0, Math.min(all.length - 1, to))];
    if (Number.isNaN(to) || !control) return;
    control.focus();
    moved(control);
    event.preventDefault();
    event.stopPropagation();
  });
  refresh();
  return { refresh };
}
