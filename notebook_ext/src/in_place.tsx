/** How do proposals stand in the notebook where their cells would stand? Beside the cells' own
 * content, in widgets of ours: the document itself is not touched. */

import { ReactWidget } from '@jupyterlab/apputils';
import { Cell, ICodeCellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { PanelLayout, Widget } from '@lumino/widgets';
import * as React from 'react';

import { CellFoot, FootKind, footOf } from './cell_foot';
import { walk } from './changes_walk';
import { Conversation } from './conversation';
import { placeOf } from './edits';
import { explainCell, faultOf } from './error_help';
import { useSignal } from './hooks';
import { indexOf } from './notebook';
import { ProposalCard } from './proposal_card';
import { IItem, Turn } from './turn';
import { t } from './words';

/** Keeps the cards and the bars below errors of one notebook. */
export class InPlace {
  constructor(
    private _panel: NotebookPanel,
    private _conversation: Conversation,
    private _open: () => void
  ) {
    _conversation.changed.connect(this._later, this);
    _conversation.staleness?.changed.connect(this._onCells, this);
    _panel.model?.cells.changed.connect(this._onCells, this);
    _panel.model?.contentChanged.connect(this._onCells, this);
    _panel.disposed.connect(() => {
      _conversation.changed.disconnect(this._later, this);
      window.clearTimeout(this._timer ?? undefined);
    });
    this._later();
  }

  private _onCells(): void {
    this._feet = null;
    this._later();
  }

  private _later(): void {
    this._timer ??= window.setTimeout(() => {
      this._timer = null;
      if (!this._panel.isDisposed && this._panel.model) {
        this._lay();
      }
    }, 60);
  }

  private _lay(): void {
    const { content, model } = this._panel;
    const notebook = model!.sharedModel;
    const line = notebook.cells.map(cell => cell.id);
    const wanted = new Map<string, { cell: Cell; first: boolean; make: () => Widget }>();
    for (const turn of this._conversation.turns) {
      const all = turn.items.map(item => item.proposal);
      for (const item of turn.items) {
        if (item.state !== 'open') {
          continue;
        }
        const { proposal } = item;
        const index =
          proposal.op === 'insert'
            ? placeOf(line, proposal, all, turn.order) - 1
            : indexOf(notebook, proposal.cell_id);
        const cell = content.widgets[Math.max(0, index)];
        if (!cell || (proposal.op !== 'insert' && index < 0)) {
          continue;
        }
        wanted.set(`${turn.run ?? turn.recovers} ${proposal.id} ${cell.model.id}`, {
          cell,
          first: index < 0,
          make: () => new GhostCell(this._conversation, turn, item)
        });
      }
    }
    for (const cell of content.widgets) {
      if (cell.model.type === 'code' && faultOf(cell.model as ICodeCellModel)) {
        wanted.set(`error ${cell.model.id}`, {
          cell,
          first: false,
          make: () => new ErrorBar(this._conversation, cell.model.id, this._open)
        });
      }
    }
    // A token of an answer changes no cell: what stands below them is not looked at anew.
    this._feet ??= content.widgets.flatMap(cell => {
      const { id, sharedModel, type } = cell.model;
      const stale = this._conversation.staleness?.why(id) != null;
      const kind = footOf(type, sharedModel.source, sharedModel.getMetadata('clew'), stale);
      return kind ? [{ cell, kind }] : [];
    });
    for (const { cell, kind } of this._feet.filter(foot => !foot.cell.isDisposed)) {
      const { id } = cell.model;
      const make = () => new CellFoot(this._conversation, id, kind);
      wanted.set(`foot ${id} ${kind}`, { cell, first: false, make });
    }
    for (const [key, { widget, cell }] of this._shown) {
      if (!wanted.has(key) || cell.isDisposed || widget.isDisposed) {
        widget.dispose();
        this._shown.delete(key);
      }
    }
    let above = 0;
    for (const [key, { cell, first, make }] of wanted) {
      if (this._shown.has(key)) {
        above += first ? 1 : 0;
        continue;
      }
      const widget = make();
      this._shown.set(key, { widget, cell });
      const at = first ? above++ : null;
      // A cell out of sight has no content yet: it would be put in the wrong order.
      void cell.ready.then(() => {
        if (widget.isDisposed || cell.isDisposed) {
          return;
        }
        const layout = cell.layout as PanelLayout;
        if (at === null) {
          layout.addWidget(widget);
        } else {
          layout.insertWidget(at, widget);
        }
      });
    }
  }

  private _shown = new Map<string, { widget: Widget; cell: Cell }>();
  private _timer: number | null = null;
  /** Null where the cells changed since. */
  private _feet: { cell: Cell; kind: FootKind }[] | null = null;
}

/** A cell that is not there yet. */
class GhostCell extends ReactWidget {
  constructor(
    private _conversation: Conversation,
    private _turn: Turn,
    private _item: IItem
  ) {
    super();
    this.addClass('clew-Ghost');
    // Keys pressed on its buttons are no commands of the notebook.
    this.node.dataset.lmSuppressShortcuts = 'true';
    // Those of ours that lead on to the next card are.
    this.node.addEventListener('keydown', event => {
      const step = { n: 1, p: -1 }[event.key.toLowerCase()] as 1 | -1 | undefined;
      if (step && event.altKey && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void walk(_conversation, step);
      }
    });
    for (const type of ['mousedown', 'dblclick', 'focusin', 'contextmenu']) {
      this.node.addEventListener(type, event => event.stopPropagation());
    }
  }

  protected render(): JSX.Element {
    return (
      <Ghost conversation={this._conversation} turn={this._turn} item={this._item} />
    );
  }
}

function Ghost(props: { conversation: Conversation; turn: Turn; item: IItem }): JSX.Element {
  useSignal(props.turn.changed);
  useSignal(props.conversation.changed);
  return <ProposalCard {...props} inPlace={true} />;
}

/** Explain and Fix, below an error. */
class ErrorBar extends ReactWidget {
  constructor(
    private _conversation: Conversation,
    private _cell: string,
    private _open: () => void
  ) {
    super();
    this.addClass('clew-ErrorBar');
    this.node.dataset.lmSuppressShortcuts = 'true';
  }

  protected render(): JSX.Element {
    const go = (what: 'explain' | 'fix') => {
      this._open();
      void explainCell(this._conversation, this._cell, what);
    };
    return (
      <div className="clew-Buttons">
        <button className="clew-Button" onClick={() => go('explain')}>
          {t('Explain')}
        </button>
        <button className="clew-Button" onClick={() => go('fix')}>
          {t('Fix')}
        </button>
      </div>
    );
  }
}
