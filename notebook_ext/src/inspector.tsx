/** What exactly was sent with a question? Shown below it, to the last sign. */

import * as React from 'react';

import { Conversation } from './conversation';
import { IRequest } from './events';
import { indexOf, jumpTo } from './notebook';
import { Turn } from './turn';
import { t, tn } from './words';

interface IProps {
  conversation: Conversation;
  turn: Turn;
}

export function Inspector({ conversation, turn }: IProps): JSX.Element | null {
  const { sent, context } = turn;
  const [open, setOpen] = React.useState(false);
  if (turn.recovers !== null || (!sent && !context)) {
    return null;
  }
  return (
    <details className="clew-Sent" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{t('What was sent')}</summary>
      {open && (
        <>
          <p className="clew-Quiet">
            {t('Sent to your own Jupyter server.')}{' '}
            {turn.answer?.model
              ? t('The model %1 took part.', turn.answer.model)
              : turn.answer
                ? t('No model took part.')
                : ''}
          </p>
          {sent && <Said request={sent} />}
          <Cells {...{ conversation, turn }} />
          {sent ? (
            <details>
              <summary>{t('The whole request, as it was sent')}</summary>
              <pre className="clew-Exact" tabIndex={0}>
                {JSON.stringify(sent, null, 2)}
              </pre>
            </details>
          ) : (
            <p className="clew-Quiet">{t('It was asked before this page was loaded: the request itself is not kept.')}</p>
          )}
        </>
      )}
    </details>
  );
}

function Said({ request }: { request: IRequest }): JSX.Element {
  const rows: [string, string][] = [
    [t('Question'), request.question],
    [t('Mode'), request.mode],
    [t('Marked text'), request.selection ?? ''],
    [t('Added'), request.attachments.map(a => `${a.kind} ${a.name}`).join(', ')],
    [
      t('Variables'),
      request.variables
        .map(v => `${v.name}: ${[v.type, v.shape.join(' × ')].filter(Boolean).join(' ')}`)
        .join(', ')
    ],
    [t('Time zone'), request.time_zone ?? '']
  ];
  return (
    <dl className="clew-Said">
      {rows
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
    </dl>
  );
}

/** List the cells that went along: which of them were read for the answer, and which were stale. */
function Cells({ conversation, turn }: IProps): JSX.Element {
  const { sent, context } = turn;
  const notebook = conversation.panel?.model?.sharedModel;
  const why = new Map((context?.kept ?? []).map(kept => [kept.id, kept.reason]));
  const ids = sent ? sent.cells.map(cell => cell.id) : [...why.keys()];
  return (
    <>
      <p className="clew-Quiet">
        {tn('%1 cell was sent', '%1 cells were sent', ids.length)}
        {context
          ? ` · ${t('%1 chosen for the answer', why.size)} · ${tn('%1 token', '%1 tokens', context.tokens)}`
          : ''}
      </p>
      <ul className="clew-SentCells">
        {ids.map(id => {
          const at = notebook ? indexOf(notebook, id) : -1;
          const cell = sent?.cells.find(other => other.id === id);
          const stale = cell?.stale || conversation.staleness?.why(id) != null;
          return (
            <li key={id}>
              <button
                className="clew-Button clew-mod-quiet"
                disabled={at < 0}
                onClick={() => void jumpTo(conversation.panel!, id)}
              >
                {at < 0 ? id : t('Cell %1', at + 1)}
              </button>
              {id === sent?.anchor && <span className="clew-Badge">{t('asked from here')}</span>}
              {why.has(id) && <span className="clew-Badge">{why.get(id)}</span>}
              {stale && <span className="clew-Badge clew-mod-warn">{t('out of date')}</span>}
              {cell && (
                <pre className="clew-Exact" tabIndex={0} aria-label={t('Text that was sent')}>
                  {cell.source}
                </pre>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
