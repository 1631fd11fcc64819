/**
 * How do accepted proposals get into the notebook, and how are they taken back?
 *
 * Only through the shared model, in one transaction; nothing here writes a file. JupyterLab keeps
 * the edits of a cell and the inserts of cells on two undo stacks, so taking back is an inverse
 * edit of our own. What the user changed since is not touched: it comes back as a proposal.
 */

import { NotebookPanel } from '@jupyterlab/notebook';

import { IProposal } from './events';
import { ICellText, indexOf, isReadOnly, SharedNotebook } from './notebook';
import { sha256 } from './sha256';

/** A reason, in words for the user, why an edit can't be made. */
export class EditRefused extends Error {
  constructor(
    message: string,
    readonly kind: 'read-only' | 'conflict' | 'gone'
  ) {
    super(message);
  }
}

/** One edit that was made. */
export interface IApplied {
  proposal: IProposal;
  /** Id of the cell that it made or changed. */
  cell: string;
  index: number;
  before: ICellText | null;
  /** Hash of the text that was put there; null for a deleted cell. */
  after: string | null;
}

/** Make the edits of proposals as one step; all or none.
 *
 * @param order - ids of the cells when the question was asked, top first.
 * @param all - proposals of the run, so that the place of one that follows a rejected one is found.
 */
export function apply(
  panel: NotebookPanel,
  proposals: IProposal[],
  all: IProposal[],
  order: string[]
): IApplied[] {
  if (isReadOnly(panel)) {
    throw new EditRefused('This notebook is read-only: copy the text, or save a copy.', 'read-only');
  }
  const notebook = panel.model!.sharedModel;
  for (const proposal of proposals) {
    const why = conflict(notebook, proposal);
    if (why) {
      throw why;
    }
  }
  const applied: IApplied[] = [];
  // The model's own list of cells stands still until the transaction ends: this one follows.
  const line = [...notebook.cells];
  notebook.transact(() => {
    for (const proposal of proposals) {
      applied.push(applyOne(notebook, line, proposal, all, order));
    }
  });
  return applied;
}

/** Say why a proposal no longer fits, or null. */
export function conflict(notebook: SharedNotebook, proposal: IProposal): EditRefused | null {
  if (proposal.op === 'insert') {
    return null;
  }
  const index = indexOf(notebook, proposal.cell_id);
  if (index < 0) {
    return new EditRefused('The cell is not in the notebook any more.', 'gone');
  }
  const now = notebook.getCell(index).source;
  if (proposal.base_sha256 !== null && sha256(now) !== proposal.base_sha256) {
    return new EditRefused('The cell changed since this was proposed.', 'conflict');
  }
  return null;
}

/** Find the index at which an inserted cell would stand.
 *
 * @param line - ids of the cells as they stand, top first.
 */
export function placeOf(
  line: string[],
  proposal: IProposal,
  all: IProposal[],
  order: string[]
): number {
  let after = proposal.after_cell;
  for (let steps = 0; steps <= all.length && after !== null; steps++) {
    const index = line.indexOf(after);
    if (index >= 0) {
      return index + 1;
    }
    const before = all.find(other => other.op === 'insert' && other.cell_id === after);
    if (!before) {
      break;
    }
    after = before.after_cell;
  }
  if (after === null) {
    return 0;
  }
  // The cell is gone: the nearest one above it that is left.
  for (let at = order.indexOf(after) - 1; at >= 0; at--) {
    const index = line.indexOf(order[at]);
    if (index >= 0) {
      return index + 1;
    }
  }
  return line.length;
}

type SharedCell = SharedNotebook['cells'][number];

function applyOne(
  notebook: SharedNotebook,
  line: SharedCell[],
  proposal: IProposal,
  all: IProposal[],
  order: string[]
): IApplied {
  const ids = line.map(cell => cell.id);
  if (proposal.op === 'insert') {
    const standing = ids.indexOf(proposal.cell_id);
    if (standing >= 0 && isSame(line[standing], proposal, all)) {
      // Another tab accepted it, or this page before it was reloaded.
      const after = sha256(proposal.new);
      return { proposal, cell: proposal.cell_id, index: standing, before: null, after };
    }
    const index = placeOf(ids, proposal, all, order);
    const taken = standing >= 0;
    const cell = notebook.insertCell(index, {
      cell_type: proposal.cell_type,
      ...(taken ? {} : { id: proposal.cell_id }),
      source: proposal.new,
      metadata: structuredClone(proposal.metadata ?? {})
    } as any);
    line.splice(index, 0, cell);
    return { proposal, cell: cell.id, index, before: null, after: sha256(proposal.new) };
  }
  const index = ids.indexOf(proposal.cell_id);
  const cell = line[index];
  const before: ICellText = {
    id: cell.id,
    cell_type: cell.cell_type,
    source: cell.source,
    metadata: cell.getMetadata() as any
  };
  if (proposal.op === 'delete') {
    notebook.deleteCell(index);
    line.splice(index, 1);
    return { proposal, cell: proposal.cell_id, index, before, after: null };
  }
  cell.setSource(proposal.new);
  for (const [key, value] of Object.entries(proposal.metadata ?? {})) {
    cell.setMetadata(key, value);
  }
  return { proposal, cell: cell.id, index, before, after: sha256(proposal.new) };
}

/** Say whether a cell came from this very proposal, which the user has not edited. */
function isSame(cell: SharedCell, proposal: IProposal, all: IProposal[]): boolean {
  const about = cell.getMetadata('clew') as any;
  const wanted = (proposal.metadata as any)?.clew;
  const offered = all.find(other => other.id === proposal.id);
  return (
    offered?.new === proposal.new &&
    about?.id === proposal.cell_id &&
    (about?.provenance?.run ?? null) === (wanted?.provenance?.run ?? null)
  );
}

/** Take edits back as one step, the last first.
 *
 * @returns for each edit that the user changed since: the proposal that would take it back.
 */
export function takeBack(panel: NotebookPanel, edits: IApplied[]): IProposal[] {
  if (isReadOnly(panel)) {
    throw new EditRefused('This notebook is read-only.', 'read-only');
  }
  const notebook = panel.model!.sharedModel;
  const left: IProposal[] = [];
  const line = [...notebook.cells];
  notebook.transact(() => {
    for (const edit of [...edits].reverse()) {
      const index = line.findIndex(cell => cell.id === edit.cell);
      if (edit.after === null) {
        if (index < 0) {
          const place = Math.min(edit.index, line.length);
          line.splice(place, 0, notebook.insertCell(place, structuredClone(edit.before) as any));
        }
        continue;
      }
      if (index < 0) {
        continue; // the user deleted it: nothing is left to take back
      }
      const cell = line[index];
      if (sha256(cell.source) !== edit.after) {
        left.push(backProposal(edit, cell.source));
      } else if (edit.before === null) {
        notebook.deleteCell(index);
        line.splice(index, 1);
      } else {
        cell.setSource(edit.before.source);
        cell.setMetadata(edit.before.metadata as any);
      }
    }
  });
  return left;
}

function backProposal(edit: IApplied, now: string): IProposal {
  const old = edit.before?.source ?? '';
  return {
    ...edit.proposal,
    id: `${edit.proposal.id}-back`,
    op: edit.before === null ? 'delete' : 'replace',
    cell_id: edit.cell,
    base_sha256: sha256(now),
    old: now,
    new: old,
    metadata: edit.before?.metadata ?? {},
    risk: 'none'
  };
}
