/** How does the text of an answer stand in the panel? Its numbers show where they are from. */

import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';
import { createPortal } from 'react-dom';

import { Conversation } from './conversation';
import { IAnswer, IReceipt } from './events';
import { whyStale } from './markdown_receipts';
import { indexOf, jumpTo } from './notebook';
import { markNumbers, renderMarkdown } from './prose';
import { ReceiptNumber, sqlOf } from './receipts';
import { Turn } from './turn';

const STREAM_MS = 120;

interface IProps {
  conversation: Conversation;
  turn: Turn;
  rendermime: IRenderMimeRegistry;
  text: string;
  answer: IAnswer | null;
}

export function Prose({ text, answer, conversation, turn, rendermime }: IProps): JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  const [places, setPlaces] = React.useState<HTMLElement[]>([]);
  const drawn = React.useRef(0);
  const order = React.useRef({ begun: 0, shown: 0 });
  React.useEffect(() => {
    const draw = async () => {
      drawn.current = Date.now();
      const number = ++order.current.begun;
      const fresh = document.createElement('div');
      await renderMarkdown(fresh, text, rendermime);
      if (number < order.current.shown || !host.current) {
        return; // a later one was faster
      }
      order.current.shown = number;
      const found: HTMLElement[] = [];
      markNumbers(
        fresh,
        (answer?.receipts ?? []).map(receipt => receipt.text),
        index => (found[index] = document.createElement('span'))
      );
      host.current.replaceChildren(...Array.from(fresh.childNodes));
      setPlaces(found);
    };
    // While it streams, the whole text is drawn a few times a second, not for each token.
    const wait = answer ? 0 : Math.max(0, drawn.current + STREAM_MS - Date.now());
    const timer = window.setTimeout(() => void draw(), wait);
    return () => window.clearTimeout(timer);
  }, [text, answer]);
  const texts = new Map(turn.items.map(item => [item.proposal.cell_id, item.proposal.new]));
  const go = async (cell: string | undefined) => {
    const found = cell && conversation.panel && (await jumpTo(conversation.panel, cell));
    if (!found) {
      // Not in the notebook (yet): its card in the panel.
      host.current
        ?.closest('.clew-Turn')
        ?.querySelector(`[data-cell="${CSS.escape(cell ?? '')}"]`)
        ?.scrollIntoView({ block: 'nearest' });
    }
  };
  return (
    <>
      <div ref={host} className="clew-Prose jp-RenderedHTMLCommon" />
      {places.map((place, i) => {
        const receipt = answer?.receipts[i];
        return (
          receipt &&
          createPortal(
            <ReceiptNumber
              receipt={receipt}
              sql={sqlOf(receipt, answer, texts)}
              stale={isIn(conversation, receipt) ? whyStale(conversation, receipt) : null}
              go={() => void go(receipt.refs[0]?.cell)}
            />,
            place,
            `${turn.run} ${receipt.id}`
          )
        );
      })}
    </>
  );
}

/** Say whether the cell of a number is in the notebook: a proposed one can't be out of date. */
function isIn(conversation: Conversation, receipt: IReceipt): boolean {
  const notebook = conversation.panel?.model?.sharedModel;
  return !!notebook && receipt.refs.every(ref => indexOf(notebook, ref.cell) >= 0);
}
