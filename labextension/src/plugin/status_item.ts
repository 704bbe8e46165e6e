// The item of the status bar: how much of the active notebook's runtime works, and what failed; a click opens the panel.
import { Widget } from '@lumino/widgets';
import { el, setText } from '../page/dom.ts';

export class StatusItem extends Widget {
  private readonly button: HTMLButtonElement;

  constructor(caption: string, open: () => void) {
    const button = el('button', { class: 'trd-p-status', type: 'button', title: caption });
    super({ node: el('div', {}, button) });
    this.addClass('jp-mod-highlighted');
    this.button = button;
    button.addEventListener('click', open);
  }

  /** Show these words. */
  say(words: string, failed: boolean): void {
    setText(this.button, words);
    this.button.classList.toggle('trd-p-failed', failed);
  }
}
