/** Which cells of a notebook show what is out of date, and why? Asked from the server's graph. */

import { ICodeCellModel } from '@jupyterlab/cells';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import * as api from './api';
import { IGraph } from './events';
import { cellViews, executionOrder } from './notebook';
import { parseSql } from './sql_line';
import { t } from './words';

const LATER_MS = 1200;

export class Staleness {
  constructor(private _panel: NotebookPanel) {
    void _panel.context.ready.then(() => {
      _panel.model?.contentChanged.connect(this._later, this);
      NotebookActions.executed.connect(this._onExecuted, this);
      this._later();
    });
    _panel.disposed.connect(() => {
      window.clearTimeout(this._timer ?? undefined);
      NotebookActions.executed.disconnect(this._onExecuted, this);
      Signal.clearData(this);
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Say why a cell's output is out of date; null where it is not. */
  why(cell: string): string | null {
    return this._reasons.get(cell) ?? null;
  }

  get cells(): string[] {
    return [...this._reasons.keys()];
  }

  private _onExecuted(): void {
    this._later();
  }

  private _later(): void {
    window.clearTimeout(this._timer ?? undefined);
    this._timer = window.setTimeout(() => void this._look(), LATER_MS);
  }

  private async _look(): Promise<void> {
    const panel = this._panel;
    if (panel.isDisposed || !panel.model) {
      return;
    }
    const ran = executionOrder(panel);
    let reasons = new Map<string, string>();
    if (ran.length > 0) {
      try {
        const body = { cells: cellViews(panel), ran };
        const graph = await api.call<IGraph>('graph', 'POST', body);
        reasons = new Map(graph.nodes.flatMap(node => (node.stale ? [[node.id, node.stale]] : [])));
      } catch {
        return; // the server is away: what was known stays
      }
      for (const model of panel.model?.cells ?? []) {
        if (reasons.has(model.id) && model.type === 'code' && (model as ICodeCellModel).isDirty) {
          reasons.set(model.id, t('it was edited after it ran'));
        }
      }
    }
    // Numbers of texts and answers depend on what the queries say, run or not.
    const queries = (panel.model?.sharedModel.cells ?? [])
      .map(cell => cell.source)
      .filter(source => parseSql(source) !== null);
    const text = JSON.stringify([[...reasons], queries]);
    if (text !== this._told) {
      this._told = text;
      this._reasons = reasons;
      this._changed.emit();
    }
  }

  private _reasons = new Map<string, string>();
  private _told = '';
  private _timer: number | null = null;
  private _changed = new Signal<this, void>(this);
}
