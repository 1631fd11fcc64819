/** Who watches a notebook and keeps its journal? Writes at most a second after a change. */

import { NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import { IProposal } from './events';
import { Journal } from './journal';
import { cellTexts, ICellText, SharedNotebook } from './notebook';
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
    context.fileChanged.connect(this._onFile, this);
    void context.ready.then(() => (this._saved ??= this._texts()));
    const hurry = () => this._timer !== null && void this._flush();
    window.addEventListener('pagehide', hurry);
    document.addEventListener('visibilitychange', hurry);
    _panel.disposed.connect(() => {
      window.removeEventListener('pagehide', hurry);
      document.removeEventListener('visibilitychange', hurry);
      window.clearTimeout(this._timer ?? undefined);
      this._timer = null;
    });
  }

  /** Fires with true when the browser's store fails to keep what was changed; false: it does again. */
  get failing(): ISignal<this, boolean> {
    return this._failing;
  }

  /** Write now; done when it is on disk. */
  async write(): Promise<void> {
    window.clearTimeout(this._timer ?? undefined);
    this._timer = null;
    const { path } = this._panel.context;
    try {
      await this._journal.write(path, this._texts(), Object.fromEntries(this.accepted));
    } catch (error) {
      this._say(true);
      throw error;
    }
    this._settle();
  }

  /** Wait until what stands now is kept: in the journal, or saved. */
  untilKept(): Promise<void> {
    return new Promise(done => this._waiting.push(done));
  }

  /** Find what pages that are gone have left and the notebook does not hold. */
  async left(): Promise<IRecovery[]> {
    const found: IRecovery[] = [];
    try {
      for (const { key, at, cells } of await this._journal.left(this._panel.context.path)) {
        const proposals = difference(this._texts(), cells, key);
        if (proposals.length) {
          found.push({ key, at, proposals });
        } else {
          await this._journal.drop(key);
        }
      }
    } catch {
      // No store in this browser (private window): nothing was kept.
    }
    return found;
  }

  async drop(key: string): Promise<void> {
    await this._journal.drop(key).catch(() => undefined);
  }

  async renamed(from: string, to: string): Promise<void> {
    await this._journal.renamed(from, to).catch(() => undefined);
  }

  private _texts(): ICellText[] {
    return cellTexts(this._panel.context.model.sharedModel as any);
  }

  private _onChange(): void {
    // From the first change on, not from the last: else steady typing is never kept.
    this._timer ??= window.setTimeout(() => void this._flush(), LATEST_MS);
  }

  private async _flush(): Promise<void> {
    this._timer = null;
    const { model, path } = this._panel.context;
    if (this._saved === null || (model.collaborative && !model.dirty)) {
      return; // not loaded yet, or kept by the server
    }
    if (sameTexts(this._texts(), this._saved)) {
      await this._journal.saved(path).catch(() => undefined);
      this._settle();
    } else {
      await this.write().catch(() => undefined);
    }
  }

  private _onSave(_: unknown, state: string): void {
    const { model } = this._panel.context;
    if (state !== 'completed') {
      // What is sent is read at this very moment.
      this._sent = state === 'started' ? { texts: this._texts(), cells: cellsOf(model) } : null;
      return;
    }
    const sent = this._sent;
    this._sent = null;
    if (!sent) {
      return;
    }
    // A conflict that ended in "Revert" put other cells there: those of the disk.
    const reverted = sent.cells.length > 0 && !cellsOf(model).some(c => sent.cells.includes(c));
    const now = this._texts();
    this._saved = reverted ? now : sent.texts;
    if (sameTexts(now, this._saved)) {
      this.accepted.clear();
      void this._journal.saved(this._panel.context.path).catch(() => undefined);
      this._settle();
    } else if (!model.collaborative) {
      // JupyterLab takes what was typed while it saved for saved: it would neither save it by
      // itself nor ask on closing.
      model.dirty = true;
      this._onChange();
    }
  }

  private _onFile(): void {
    if (this._sent === null && this._saved !== null) {
      this._saved = this._texts(); // loaded anew from the disk
    }
  }

  private _settle(): void {
    this._say(false);
    this._waiting.splice(0).forEach(done => done());
  }

  private _say(failing: boolean): void {
    if (failing !== this._fails) {
      this._fails = failing;
      this._failing.emit(failing);
    }
  }

  private _fails = false;
  private _failing = new Signal<this, boolean>(this);
  private _saved: ICellText[] | null = null;
  private _sent: { texts: ICellText[]; cells: SharedCell[] } | null = null;
  private _timer: number | null = null;
  private _waiting: (() => void)[] = [];
}

type SharedCell = SharedNotebook['cells'][number];

function cellsOf(model: { sharedModel: unknown }): SharedCell[] {
  return [...(model.sharedModel as SharedNotebook).cells];
}

/** Say whether two notebooks hold the same: ids, kinds, texts and metadata, in the same order. */
export function sameTexts(one: ICellText[], other: ICellText[]): boolean {
  return (
    one.length === other.length &&
    one.every((cell, i) => {
      const { id, cell_type, source, metadata } = other[i];
      return (
        cell.id === id &&
        cell.source === source &&
        cell.cell_type === cell_type &&
        JSON.stringify(cell.metadata) === JSON.stringify(metadata)
      );
    })
  );
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
