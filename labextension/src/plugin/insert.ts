// "Insert Task Decorator" in the active cell: one change of its source, so that one undo takes it back.
import { Notification } from '@jupyterlab/apputils';
import type { Cell, NotebookPanel } from '@jupyterlab/notebook';
import type { Translation } from '@jupyterlab/translation';
import { editsFor, given } from './decorator.ts';
import { askChoice } from './form.ts';
import { type Found, functionAt } from './python.ts';

/** The function that the cursor of a notebook is in or under. */
export function functionOf(panel: NotebookPanel | null): Found | null {
  const cell = panel?.content.activeCell;
  if (!cell || cell.model.type !== 'code') return null;
  return functionAt(cell.model.sharedModel.getSource(), cell.editor?.getCursorPosition().line ?? 0);
}

export async function insertDecorator(panel: NotebookPanel, trans: Translation): Promise<void> {
  const cell = panel.content.activeCell;
  const found = functionOf(panel);
  if (!cell || !found) {
    Notification.info(trans.__('There is no function here: put the cursor into a `def`, then insert the decorator again.'));
    return;
  }
  const source = cell.model.sharedModel.getSource();
  const choice = await askChoice(found, trans);
  if (!choice || cell.isDisposed) return;
  if (cell.model.sharedModel.getSource() !== source) {
    Notification.info(trans.__('The cell has changed meanwhile: insert the decorator again.'));
    return;
  }
  const edits = editsFor(source, found, choice, namesGivenTo(panel, cell));
  const first = edits[0];
  const last = edits.at(-1);
  if (!first || !last) return;
  // all edits as one: what lies between them is put back as it is
  let text = '';
  let at = first.start;
  for (const edit of edits) {
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  cell.model.sharedModel.updateSource(first.start, last.end, text);
  cell.editor?.focus();
}

/** Names of Treadle that the cells above it give. */
function namesGivenTo(panel: NotebookPanel, cell: Cell): Set<string> {
  const names = new Set<string>();
  for (const each of panel.content.widgets) {
    if (each === cell) break;
    if (each.model.type !== 'code') continue;
    for (const name of given(each.model.sharedModel.getSource())) names.add(name);
  }
  return names;
}
