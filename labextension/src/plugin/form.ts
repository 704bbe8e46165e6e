// The form of "Insert Task Decorator": one row per parameter, what it returns, what it is called, and how that is written.
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { Translation } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { el, setText } from '../page/dom.ts';
import { type Choice, decoratorText, type Direction, suggested } from './decorator.ts';
import type { Found } from './python.ts';

const MEANING: { [direction in Direction]: string } = { IN: 'IN: reads it', INOUT: 'INOUT: reads and changes it', OUT: 'OUT: makes it anew' };

class Form extends Widget {
  private readonly directions = new Map<string, HTMLSelectElement>();
  private readonly returns = el('input', { class: 'jp-mod-styled', type: 'number', min: 0, max: 99, id: 'trd-form-returns' });
  private readonly title_ = el('input', { class: 'jp-mod-styled', type: 'text', id: 'trd-form-name' });
  private readonly preview = el('output', { class: 'trd-p-preview trd-p-wide' });
  private readonly first: Choice;

  constructor(
    private readonly found: Found,
    trans: Translation,
  ) {
    super({ node: el('div', { class: 'trd-p-form' }) });
    this.first = suggested(found);
    found.parameters.forEach(({ name, kind }, i) => {
      const select = el('select', { class: 'jp-mod-styled', id: `trd-form-${i}` });
      for (const direction of ['IN', 'INOUT', 'OUT'] as const) {
        select.append(el('option', { value: direction, selected: this.first.directions.get(name) === direction }, trans.__(MEANING[direction])));
      }
      this.directions.set(name, select);
      this.node.append(el('label', { for: select.id }, { plain: '', args: '*', kwargs: '**' }[kind] + name), select);
    });
    this.returns.value = String(this.first.returns);
    this.title_.value = this.first.name;
    this.title_.placeholder = found.name;
    this.node.append(
      el('label', { for: this.returns.id, title: trans.__('How many futures a call gives') }, 'returns'), this.returns,
      el('label', { for: this.title_.id, title: trans.__('What its tasks are called') }, 'name'), this.title_,
      this.preview,
    );
    this.node.addEventListener('input', () => this.write());
    this.write();
  }

  getValue(): Choice {
    const returns = Number(this.returns.value);
    return {
      directions: new Map([...this.directions].map(([name, select]) => [name, select.value as Direction])),
      returns: this.returns.value !== '' && Number.isInteger(returns) && returns >= 0 ? returns : 1,
      name: this.title_.value.trim(),
      others: this.first.others,
    };
  }

  private write(): void {
    setText(this.preview, decoratorText(this.found, this.getValue(), this.found.task?.spelling));
  }
}

/** Ask what the parameters of a function are for; null if the person changed their mind. */
export async function askChoice(found: Found, trans: Translation): Promise<Choice | null> {
  const { button, value } = await showDialog<Choice>({
    title: trans.__('Task decorator for %1', `${found.name}()`),
    body: new Form(found, trans),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: found.task ? trans.__('Change') : trans.__('Insert') })],
    focusNodeSelector: 'select, input',
  });
  return button.accept ? value : null;
}
