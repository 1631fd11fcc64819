/** What does the live notebook hold, as Clew sees it? Reads the shared model, never the file. */

import { ICodeCellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';

import { CellKind, ICellView } from './events';

export type SharedNotebook = NonNullable<NotebookPanel['model']>['sharedModel'];

const KINDS = ['sql', 'python', 'pyspark', 'chart', 'markdown'];

/** A cell as the journal keeps it and as edits put it back. */
export interface ICellText {
  id: string;
  cell_type: string;
  source: string;
  metadata: { [key: string]: any };
}

/** Give the cells as a request sends them: the live text, and a mark of the outputs. */
export function cellViews(panel: NotebookPanel): ICellView[] {
  const views: ICellView[] = [];
  for (const model of panel.model?.cells ?? []) {
    const shared = model.sharedModel;
    if (shared.cell_type === 'raw') {
      continue;
    }
    let digest: string | null = null;
    let stale = false;
    if (model.type === 'code') {
      const { outputs, executionCount } = model as ICodeCellModel;
      // A run has one number: it changes whenever the outputs do, and costs nothing.
      digest = outputs.length ? `${executionCount ?? 0}:${outputs.length}` : null;
      stale = executionCount !== null && (model as ICodeCellModel).isDirty;
    }
    views.push({
      id: shared.id,
      kind: kindOf(shared.cell_type, shared.getMetadata() as any),
      source: shared.source,
      outputs_digest: digest,
      stale
    });
  }
  return views;
}

/** Give the texts of all cells, for the journal. */
export function cellTexts(notebook: SharedNotebook): ICellText[] {
  return notebook.cells.map(cell => ({
    id: cell.id,
    cell_type: cell.cell_type,
    source: cell.source,
    metadata: cell.getMetadata() as { [key: string]: any }
  }));
}

/** Give the ids of the cells that ran, in the order of their runs. */
export function executionOrder(panel: NotebookPanel): string[] {
  const ran: { id: string; count: number }[] = [];
  for (const cell of panel.model?.cells ?? []) {
    const count = cell.type === 'code' ? (cell as ICodeCellModel).executionCount : null;
    if (count) {
      ran.push({ id: cell.id, count });
    }
  }
  return ran.sort((a, b) => a.count - b.count).map(cell => cell.id);
}

/** Give the text that is marked in the active cell. */
export function markedText(panel: NotebookPanel): string {
  const editor = panel.content.activeCell?.editor;
  if (!editor) {
    return '';
  }
  const { start, end } = editor.getSelection();
  const places = [editor.getOffsetAt(start), editor.getOffsetAt(end)].sort((a, b) => a - b);
  return editor.model.sharedModel.source.slice(...places);
}

/** Give the cells that are selected together; of one alone it is the anchor that counts. */
export function selectedCells(panel: NotebookPanel): string[] {
  const ids = panel.content.selectedCells.map(cell => cell.model.id);
  return ids.length > 1 ? ids : [];
}

/** Find where a cell stands; -1 where it is gone. */
export function indexOf(notebook: SharedNotebook, id: string | null): number {
  return id === null ? -1 : notebook.cells.findIndex(cell => cell.id === id);
}

/** Say whether this person may change this notebook. */
export function isReadOnly(panel: NotebookPanel): boolean {
  return (panel.model?.readOnly ?? true) || panel.context.contentsModel?.writable === false;
}

/** Show a cell to the user and mark it for a moment. */
export async function jumpTo(panel: NotebookPanel, id: string): Promise<boolean> {
  const index = panel.content.widgets.findIndex(cell => cell.model.id === id);
  if (index < 0) {
    return false;
  }
  panel.content.activeCellIndex = index;
  await panel.content.scrollToItem(index, 'smart');
  const node = panel.content.widgets[index].node;
  node.classList.remove('clew-mod-found');
  void node.offsetWidth; // starts the animation anew
  node.classList.add('clew-mod-found');
  return true;
}

/** Give the first words of a cell, for a chip. */
export function firstWords(source: string, most = 32): string {
  const line = source.split('\n').find(text => text.trim()) ?? '';
  return line.length > most ? line.slice(0, most - 1) + '…' : line;
}

function kindOf(type: string, metadata: { [key: string]: any }): CellKind {
  if (type === 'markdown') {
    return 'markdown';
  }
  const kind = metadata?.clew?.kind;
  return KINDS.includes(kind) && kind !== 'markdown' ? kind : 'python';
}
