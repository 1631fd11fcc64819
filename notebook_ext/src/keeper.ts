/** Who watches a notebook and keeps its journal? Writes at most a second after a change. */

import { NotebookPanel } from '@jupyterlab/notebook';

import { IProposal } from './events';
import { IJournalEntry, Journal } from './journal';
import { cellTexts, ICellText } from './notebook';
import { sha256 } from './sha256';

const LATEST_MS = 800;

export interface IRecovery {
  key: string;
  at: number;
  proposals: IProposal[];
}

export class Keeper {
  /** What was accepted since the last save: id of the proposal → id of the cell. */
  readonly accepted = new Map<string, string>();

  constructor(
    private _panel: NotebookPanel,
    private _journal: Journal
  ) {
    const { context } = _panel;
    context.model.contentChanged.connect(this._onChange, this);
    context.saveState.connect(this._onSave, this);
    const hurry = () => this._timer !== null && void this._flush();
    window.addEventListener('pagehide', hurry);
    document.addEventListener('visibilitychange', hurry);
    _panel.disposed.connect(() => {
      window.removeEventListener('pagehide', hurry);
      document.removeEventListener('visibilitychange', hurry);
      hurry();
    });
  }

  /** Write now; done when it is on disk. */
  async write(): Promise<void> {
    const { model, path } = this._panel.context;
    window.clearTimeout(this._timer ?? undefined);
    this._timer = null;
    await this._journal.write(
      path,
      cellTexts(model.sharedModel as any),
      Object.fromEntries(this.accepted)
    );
  }

  /** Find what a page that is gone has left and the notebook does not hold. */
  async left(): Promise<IRecovery | null> {
    let entry: IJournalEntry | null;
    try {
      entry = await this._journal.left(this._panel.context.path);
    } catch {
      return null; // no store in this browser (private window): nothing was kept
    }
    if (!entry) {
      return null;
    }
    const now = cellTexts(this._panel.context.model.sharedModel as any);
    const proposals = difference(now, entry.cells, entry.key);
    if (proposals.length === 0) {
      await this._journal.drop(entry.key);
      return null;
    }
    return { key: entry.key, at: entry.at, proposals };
  }

  async drop(key: string): Promise<void> {
    await this._journal.drop(key).catch(() => undefined);
  }

  async renamed(from: string, to: string): Promise<void> {
    await this._journal.renamed(from, to).catch(() => undefined);
  }

  private _onChange(): void {
    // From the first change on, not from the last: else steady typing is never kept.
    this._timer ??= window.setTimeout(() => void this._flush(), LATEST_MS);
  }

  private async _flush(): Promise<void> {
    this._timer = null;
    if (!this._panel.context.model.dirty) {
      return; // saved, or kept by the server where collaboration is on
    }
    await this.write().catch(() => undefined);
  }

  private _onSave(_: unknown, state: string): void {
    if (state === 'completed' && !this._panel.context.model.dirty) {
      this.accepted.clear();
      void this._journal.saved(this._panel.context.path).catch(() => undefined);
    }
  }

  private _timer: number | null = null;
}

/** Write what a journal holds beyond a notebook as proposals. */
export function difference(now: ICellText[], kept: ICellText[], group: string): IProposal[] {
  const found = new Map(now.map(cell => [cell.id, cell]));
  const taken = new Set<string>();
  const match = new Map<string, ICellText>();
  for (const cell of kept) {
    if (found.has(cell.id)) {
      match.set(cell.id, found.get(cell.id)!);
      taken.add(cell.id);
    }
  }
  // Old notebooks have no ids on disk: the same text is the same cell.
  for (const cell of kept) {
    if (!match.has(cell.id)) {
      const same = now.find(
        other =>
          !taken.has(other.id) && other.source === cell.source && other.cell_type === cell.cell_type
      );
      if (same) {
        match.set(cell.id, same);
        taken.add(same.id);
      }
    }
  }
  const proposals: IProposal[] = [];
  let after: string | null = null;
  for (const [i, cell] of kept.entries()) {
    const same = match.get(cell.id);
    const base = {
      id: `recovered-${i}`,
      kind: cell.cell_type === 'markdown' ? 'markdown' : (cell.metadata.clew?.kind ?? 'python'),
      cell_type: cell.cell_type,
      after_cell: after,
      new: cell.source,
      uses: [],
      metadata: cell.metadata,
      risk: 'none',
      group
    } as const;
    if (!same) {
      if (cell.source.trim()) {
        proposals.push({
          ...base,
          op: 'insert',
          cell_id: cell.id,
          base_sha256: null,
          old: ''
        } as unknown as IProposal);
      }
      after = cell.source.trim() ? cell.id : after;
      continue;
    }
    if (same.source !== cell.source) {
      proposals.push({
        ...base,
        op: 'replace',
        cell_id: same.id,
        base_sha256: sha256(same.source),
        old: same.source
      } as unknown as IProposal);
    }
    after = same.id;
  }
  for (const cell of now) {
    if (!taken.has(cell.id) && cell.source.trim()) {
      proposals.push({
        id: `recovered-without-${cell.id}`,
        op: 'delete',
        cell_id: cell.id,
        kind: cell.cell_type === 'markdown' ? 'markdown' : 'python',
        cell_type: cell.cell_type as any,
        after_cell: null,
        base_sha256: sha256(cell.source),
        old: cell.source,
        new: '',
        uses: [],
        metadata: {},
        risk: 'none',
        group
      });
    }
  }
  return proposals;
}
