/** How do the numbers of a text cell show where they are from? Marked where the text is rendered. */

import { MarkdownCell } from '@jupyterlab/cells';
import * as React from 'react';
import { createPortal } from 'react-dom';

import { Conversation } from './conversation';
import { IReceipt } from './events';
import { indexOf, jumpTo } from './notebook';
import { markNumbers } from './prose';
import { ReceiptNumber } from './receipts';
import { sha256 } from './sha256';
import { t, tn } from './words';

interface IProps {
  conversation: Conversation;
  cell: string;
}

interface IPlace {
  node: HTMLElement;
  receipt: IReceipt;
}

export function MarkdownReceipts({ conversation, cell }: IProps): JSX.Element | null {
  const panel = conversation.panel!;
  const notebook = panel.model!.sharedModel;
  const shared = notebook.cells[indexOf(notebook, cell)];
  const clew = shared?.getMetadata('clew') as any;
  const receipts: IReceipt[] = clew?.receipts ?? [];
  const [places, setPlaces] = React.useState<IPlace[]>([]);
  const [, draw] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    const widget = panel.content.widgets.find(other => other.model.id === cell);
    if (!(widget instanceof MarkdownCell)) {
      return;
    }
    const mark = () => {
      const host = widget.node.querySelector<HTMLElement>('.jp-MarkdownOutput');
      if (!host || host.querySelector('.clew-ReceiptHost')) {
        return;
      }
      const there = receipts.filter(receipt => host.textContent?.includes(receipt.text));
      const found: IPlace[] = [];
      markNumbers(
        host,
        there.map(receipt => receipt.text),
        index => {
          const node = document.createElement('span');
          node.className = 'clew-ReceiptHost';
          node.dataset.lmSuppressShortcuts = 'true';
          // A click on a number goes to its cell; it does not choose this one.
          node.addEventListener('mousedown', event => event.stopPropagation());
          found.push({ node, receipt: there[index] });
          return node;
        }
      );
      if (found.length) {
        setPlaces(found);
      }
    };
    // The text is rendered anew whenever somebody edits it.
    const watch = new MutationObserver(mark);
    watch.observe(widget.node, { childList: true, subtree: true });
    mark();
    // A change of the cells that are named decides what is stale.
    notebook.changed.connect(draw);
    return () => {
      watch.disconnect();
      notebook.changed.disconnect(draw);
    };
  }, [cell, JSON.stringify(receipts)]);
  const stale = places.filter(({ receipt }) => whyStale(conversation, receipt)).length;
  return (
    <>
      {stale > 0 && (
        <span className="clew-Badge clew-mod-warn" role="status">
          {tn('%1 number is out of date', '%1 numbers are out of date', stale)}
        </span>
      )}
      {places.map(
        ({ node, receipt }) =>
          node.isConnected &&
          createPortal(
            <ReceiptNumber
              receipt={receipt}
              sql={sqlIn(conversation, receipt)}
              stale={whyStale(conversation, receipt)}
              go={() => void jumpTo(panel, receipt.refs[0]?.cell)}
            />,
            node,
            receipt.id
          )
      )}
    </>
  );
}

/** Say why a number may not be true any more; null where nothing speaks against it. */
export function whyStale(conversation: Conversation, receipt: IReceipt): string | null {
  const notebook = conversation.panel?.model?.sharedModel;
  for (const ref of notebook ? receipt.refs : []) {
    const at = indexOf(notebook!, ref.cell);
    if (at < 0) {
      return t('the cell that it comes from is not in the notebook');
    }
    const sql = notebook!.getCell(at).source.replace(/^%%sql[^\n]*\n/, '');
    if (ref.sql_sha256 && sha256(sql) !== ref.sql_sha256) {
      return t('the query that it comes from was changed');
    }
    const why = conversation.staleness?.why(ref.cell);
    if (why) {
      return t('the cell that it comes from is out of date: %1', why);
    }
  }
  return null;
}

function sqlIn(conversation: Conversation, receipt: IReceipt): string {
  const notebook = conversation.panel!.model!.sharedModel;
  const at = indexOf(notebook, receipt.refs[0]?.cell ?? null);
  return at < 0 ? '' : notebook.getCell(at).source.replace(/^%%sql[^\n]*\n/, '');
}
