/** What becomes of proposals: accepted, edited, rejected, taken back, run; and kept from loss. */

import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';

import * as api from './api';
import { apply, EditRefused, IApplied, takeBack } from './edits';
import { IProposal } from './events';
import { Keeper } from './keeper';
import { indexOf } from './notebook';
import { sha256 } from './sha256';
import { IItem, Turn } from './turn';
import { t, tn } from './words';

const KERNEL_MS = 15_000;

/** A line that the user has to see, and what she can do about it. */
export interface INotice {
  text: string;
  action?: { label: string; run: () => void };
}

/** Who shows what is said here. */
export interface IHost {
  notice: INotice | null;
  touch(): void;
}

/** Edits that were made as one step. */
interface IStep {
  edits: IApplied[];
  items: IItem[];
  turn: Turn;
}

export class Decisions {
  constructor(
    readonly panel: NotebookPanel | null,
    private _keeper: Keeper | null,
    private _dialogs: ISessionContextDialogs | null,
    private _host: IHost
  ) {}

  get canTakeBack(): boolean {
    return this._steps.length > 0;
  }

  /** Forget the steps of turns that are shown no more. */
  keepOnly(turns: Turn[]): void {
    this._steps = this._steps.filter(step => turns.includes(step.turn));
  }

  /** Put proposals into the notebook as one step. The journal is written before it is shown. */
  async accept(turn: Turn, chosen: IItem[]): Promise<boolean> {
    const { panel } = this;
    if (!panel || !panel.model) {
      this._host.notice = { text: t('Open a notebook: the cells have no place to go.') };
      this._host.touch();
      return false;
    }
    // The SQL cells of a group don't run without what loads the magics.
    const groups = new Set(chosen.map(item => item.proposal.group));
    const items = turn.items.filter(
      item =>
        item.state !== 'accepted' &&
        item.state !== 'edited' &&
        (chosen.includes(item) ||
          (item.proposal.setup && item.state === 'open' && groups.has(item.proposal.group)))
    );
    let edits: IApplied[];
    try {
      edits = apply(
        panel,
        items.map(final),
        turn.items.map(item => item.proposal),
        turn.order
      );
    } catch (error) {
      const words = error instanceof EditRefused ? error.message : String(error);
      const fault = error instanceof EditRefused && error.kind === 'read-only';
      items.forEach(item => (item.note = fault ? null : words));
      this._host.notice = { text: words };
      this._host.touch();
      return false;
    }
    items.forEach(item => {
      item.state = 'accepting';
      item.note = null;
    });
    this._host.touch();
    for (const [i, item] of items.entries()) {
      this._keeper?.accepted.set(item.proposal.id, edits[i].cell);
    }
    this._steps.push({ edits, items, turn });
    try {
      await this._keeper?.write();
    } catch {
      await this._keeper?.untilKept(); // the user is told; she saves, or there is room again
    }
    for (const [i, item] of items.entries()) {
      if (item.state !== 'accepting') {
        continue; // taken back meanwhile
      }
      const edited = item.text !== null && item.text !== item.proposal.new;
      item.state = edited ? 'edited' : 'accepted';
      item.sha256 = edits[i].after;
      this._resolve(turn, item, item.state, item.sha256);
    }
    this._afterRecovery(turn);
    this._host.touch();
    return true;
  }

  reject(turn: Turn, items: IItem[]): void {
    for (const item of items) {
      if (item.state === 'open' || item.state === 'undone') {
        item.state = 'rejected';
        item.note = null;
        this._resolve(turn, item, 'rejected', null);
      }
    }
    this._afterRecovery(turn);
    this._host.touch();
  }

  /** Show a rejected proposal again. */
  reopen(item: IItem): void {
    item.state = 'open';
    this._host.touch();
  }

  /** Take back what was accepted last, as one step; or what was accepted of one turn. */
  async takeBack(turn?: Turn): Promise<void> {
    if (!this.panel?.model) {
      return;
    }
    const step = turn
      ? this._steps.filter(s => s.turn === turn).at(-1) ?? this._recalled(turn)
      : this._steps.at(-1);
    if (!step) {
      this._host.notice = { text: t('There is nothing to take back.') };
      this._host.touch();
      return;
    }
    let left: IProposal[];
    try {
      left = takeBack(this.panel, step.edits);
    } catch (error) {
      this._host.notice = { text: error instanceof Error ? error.message : String(error) };
      this._host.touch();
      return;
    }
    this._steps = this._steps.filter(other => other !== step);
    const kept = new Set(left.map(proposal => proposal.id));
    for (const item of step.items) {
      if (!kept.has(`${item.proposal.id}-back`)) {
        item.state = 'undone';
        this._keeper?.accepted.delete(item.proposal.id);
        this._resolve(step.turn, item, 'undone', null);
      }
    }
    for (const proposal of left) {
      step.turn.items.push({ proposal, state: 'open', text: null, note: null, sha256: null });
    }
    if (left.length) {
      this._host.notice = {
        text: tn(
          'You changed a cell since: taking it back is shown as a proposal.',
          'You changed %1 cells since: taking them back is shown as proposals.',
          left.length
        )
      };
    }
    try {
      await this._keeper?.write();
    } catch {
      // Nothing was added that could get lost.
    }
    step.turn.touch();
    this._host.touch();
  }

  /** Run the cells that were accepted of a turn, in the order of the notebook. */
  async run(turn: Turn): Promise<void> {
    const { panel } = this;
    if (!panel) {
      return;
    }
    const again = { label: t('Try again'), run: () => void this.run(turn) };
    const { sessionContext } = panel;
    await sessionContext.ready;
    const kernel = sessionContext.session?.kernel;
    if (!kernel) {
      this._host.notice = {
        text: t('This notebook has no kernel, so nothing was run.'),
        action: {
          label: t('Choose a kernel'),
          run: () =>
            void (async () => {
              await this._dialogs?.selectKernel(sessionContext);
              if (sessionContext.session?.kernel) {
                await this.run(turn);
              }
            })()
        }
      };
      this._host.touch();
      return;
    }
    if (!(await isAlive(kernel))) {
      this._host.notice = { text: t('The kernel does not answer.'), action: again };
      this._host.touch();
      return;
    }
    const ids = new Set(
      turn.items
        .filter(item => item.state === 'accepted' || item.state === 'edited')
        .map(item => item.proposal.cell_id)
    );
    const cells = panel.content.widgets.filter(cell => ids.has(cell.model.id));
    if (cells.length === 0) {
      this._host.notice = { text: t('The cells are not in the notebook any more.') };
      this._host.touch();
      return;
    }
    this._host.notice = null;
    this._host.touch();
    const done = await NotebookActions.runCells(
      panel.content,
      cells,
      sessionContext,
      this._dialogs ?? undefined
    );
    if (!done) {
      this._host.notice = { text: t('A cell failed: its message stands below it.'), action: again };
      this._host.touch();
    }
  }

  /** Give the text that stands now in the cell of a proposal; null where it is gone. */
  currentText(item: IItem): string | null {
    const notebook = this.panel?.model?.sharedModel;
    const index = notebook ? indexOf(notebook, item.proposal.cell_id) : -1;
    return index < 0 ? null : notebook!.getCell(index).source;
  }

  /** Say where an accepted cell is missing, after a reload without saving. */
  isMissing(item: IItem): boolean {
    return (
      this.panel?.model != null &&
      item.proposal.op === 'insert' &&
      (item.state === 'accepted' || item.state === 'edited') &&
      indexOf(this.panel.model.sharedModel, item.proposal.cell_id) < 0
    );
  }

  // --- inside --------------------------------------------------------------------------------

  private _afterRecovery(turn: Turn): void {
    const open = turn.items.some(item => item.state === 'open' || item.state === 'accepting');
    if (turn.recovers !== null && !open) {
      void this._keeper?.drop(turn.recovers);
    }
  }

  private _resolve(turn: Turn, item: IItem, resolution: string, hash: string | null): void {
    if (turn.run === null || item.proposal.id.endsWith('-back')) {
      return;
    }
    const run = encodeURIComponent(turn.run);
    const path = `runs/${run}/proposals/${encodeURIComponent(item.proposal.id)}`;
    // The notebook is the truth; this only tells a later page what was done.
    api.call(path, 'POST', { resolution, sha256: hash }).catch(() => undefined);
  }

  /** Make the step of a turn that was accepted before this page was loaded. */
  private _recalled(turn: Turn): IStep | undefined {
    const notebook = this.panel!.model!.sharedModel;
    const step: IStep = { edits: [], items: [], turn };
    for (const item of turn.items) {
      if ((item.state !== 'accepted' && item.state !== 'edited') || item.proposal.op === 'delete') {
        continue;
      }
      const index = indexOf(notebook, item.proposal.cell_id);
      if (index < 0) {
        continue;
      }
      const { proposal } = item;
      const cell = notebook.getCell(index);
      step.items.push(item);
      step.edits.push({
        proposal,
        cell: proposal.cell_id,
        index,
        after: item.sha256 ?? sha256(proposal.new),
        before:
          proposal.op === 'insert'
            ? null
            : {
                id: proposal.cell_id,
                cell_type: cell.cell_type,
                source: proposal.old,
                metadata: cell.getMetadata() as any
              }
      });
    }
    return step.edits.length ? step : undefined;
  }

  private _steps: IStep[] = [];
}

/** Wait for a kernel that starts or restarts; false where it stays away. */
async function isAlive(kernel: Kernel.IKernelConnection): Promise<boolean> {
  const end = Date.now() + KERNEL_MS;
  const fine = () =>
    kernel.connectionStatus === 'connected' &&
    !['dead', 'restarting', 'autorestarting', 'starting', 'terminating'].includes(kernel.status);
  while (!fine() && !kernel.isDisposed && Date.now() < end) {
    await new Promise(done => window.setTimeout(done, 100));
  }
  return fine();
}

/** Give the proposal as the user wants it: with her text, and marked so. */
function final(item: IItem): IProposal {
  if (item.text === null || item.text === item.proposal.new) {
    return item.proposal;
  }
  const { clew, ...rest } = item.proposal.metadata ?? {};
  const provenance = { ...clew?.provenance, edited: true };
  return {
    ...item.proposal,
    new: item.text,
    metadata: clew ? { ...rest, clew: { ...clew, provenance } } : rest
  };
}
