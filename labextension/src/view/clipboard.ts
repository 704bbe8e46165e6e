// Text into the clipboard; where the page may not, the text is shown selected, so that one key is left to press.
import { el } from '../page/dom.ts';

/** Whether it is in the clipboard. If not, `place` holds it, selected. */
export async function copy(text: string, place: HTMLElement): Promise<boolean> {
  place.replaceChildren();
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no permission, or no secure context: the old way, and if that fails by hand
  }
  const field = el('textarea', { class: 'trd-copy', readonly: true, rows: Math.min(6, text.split('\n').length), 'aria-label': 'The code: press Ctrl+C to copy it' });
  field.value = text;
  place.replaceChildren(field);
  const before = document.activeElement;
  field.focus();
  field.select();
  if (!document.execCommand('copy')) return false;
  if (before instanceof HTMLElement) before.focus();
  place.replaceChildren();
  return true;
}
