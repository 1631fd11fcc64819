/** What stands below a cell of Clew? Where it is from, whether it is stale, and its tools. */

import { ReactWidget } from '@jupyterlab/apputils';
import { NotebookActions } from '@jupyterlab/notebook';
import * as React from 'react';

import { ChartForm } from './chart_form';
import { Conversation } from './conversation';
import { useSignal } from './hooks';
import { MarkdownReceipts } from './markdown_receipts';
import { indexOf } from './notebook';
import { parseSql } from './sql_line';
import { SqlTools } from './sql_tools';
import { t } from './words';

export type FootKind = 'sql' | 'chart' | 'receipts' | 'origin' | 'stale';

/** Say what a cell's foot is for; null where it has none. */
export function footOf(type: string, source: string, clew: any, stale: boolean): FootKind | null {
  if (type === 'markdown') {
    return Array.isArray(clew?.receipts) && clew.receipts.length ? 'receipts' : clew ? 'origin' : null;
  }
  if (type !== 'code') {
    return null;
  }
  if (parseSql(source)) {
    return 'sql';
  }
  if (clew?.kind === 'chart' && clew.spec) {
    return 'chart';
  }
  return clew?.provenance ? 'origin' : stale ? 'stale' : null;
}

/** The foot of one cell, beside the cell's own content. */
export class CellFoot extends ReactWidget {
  constructor(
    private _conversation: Conversation,
    private _cell: string,
    private _kind: FootKind
  ) {
    super();
    this.addClass('clew-Foot');
    // Keys pressed here are no commands of the notebook.
    this.node.dataset.lmSuppressShortcuts = 'true';
    for (const type of ['mousedown', 'dblclick', 'focusin', 'contextmenu']) {
      this.node.addEventListener(type, event => event.stopPropagation());
    }
  }

  protected render(): JSX.Element {
    return <Foot conversation={this._conversation} cell={this._cell} kind={this._kind} />;
  }
}

interface IProps {
  conversation: Conversation;
  cell: string;
  kind: FootKind;
}

function Foot({ conversation, cell, kind }: IProps): JSX.Element | null {
  const notebook = conversation.panel!.model!.sharedModel;
  const shared = notebook.cells[indexOf(notebook, cell)];
  const [, draw] = React.useReducer((n: number) => n + 1, 0);
  useSignal(conversation.staleness?.changed);
  React.useEffect(() => {
    shared?.changed.connect(draw);
    return () => void shared?.changed.disconnect(draw);
  }, [shared]);
  if (!shared) {
    return null;
  }
  return (
    <>
      <Origin conversation={conversation} cell={cell} />
      {kind === 'sql' && <SqlTools conversation={conversation} cell={cell} />}
      {kind === 'chart' && <ChartForm conversation={conversation} cell={cell} />}
      {kind === 'receipts' && <MarkdownReceipts conversation={conversation} cell={cell} />}
    </>
  );
}

/** Name who made a cell, and say why what it shows is out of date. */
function Origin({ conversation, cell }: Omit<IProps, 'kind'>): JSX.Element | null {
  const panel = conversation.panel!;
  const notebook = panel.model!.sharedModel;
  const from = (notebook.cells[indexOf(notebook, cell)].getMetadata('clew') as any)?.provenance;
  const why = conversation.staleness?.why(cell) ?? null;
  if (!from && !why) {
    return null;
  }
  const run = () => {
    const widgets = panel.content.widgets.filter(other => other.model.id === cell);
    void NotebookActions.runCells(panel.content, widgets, panel.sessionContext);
  };
  const detail = from && [
    from.question ? t('Question: %1', from.question) : '',
    from.at ? t('Made: %1', new Date(from.at).toLocaleString()) : '',
    from.proposer ? t('By: %1', from.proposer === 'builtin' ? t('rules, no model') : (from.model ?? from.proposer)) : '',
    from.run ? t('Run: %1', from.run) : ''
  ];
  return (
    <div className="clew-Origin">
      {from && (
        <span className="clew-Badge" title={detail.filter(Boolean).join('\n')}>
          {t('Clew · %1', from.agent ?? '')}
          {from.edited ? ` · ${t('edited by you')}` : ''}
        </span>
      )}
      {why && (
        <>
          <span className="clew-Badge clew-mod-warn" role="status">
            {t('out of date: %1', why)}
          </span>
          <button className="clew-Button" disabled={conversation.readOnly} onClick={run}>
            {t('Run again')}
          </button>
        </>
      )}
    </div>
  );
}
