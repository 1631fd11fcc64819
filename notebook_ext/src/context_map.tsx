/** What feeds what in this notebook, what is stale, and what would be sent? */

import * as React from 'react';

import * as api from './api';
import { Conversation } from './conversation';
import { IGraph, IVariable } from './events';
import { cellViews, firstWords, jumpTo } from './notebook';
import { t, tn } from './words';

const ROW = 30;
const LATER_MS = 600;

interface IProps {
  conversation: Conversation;
  draft: string;
}

export function ContextMap({ conversation, draft }: IProps): JSX.Element {
  const { panel, anchor } = conversation;
  const [graph, setGraph] = React.useState<IGraph | null>(null);
  const [variables, setVariables] = React.useState<IVariable[]>([]);
  const [fault, setFault] = React.useState('');
  const [edition, setEdition] = React.useState(0);
  React.useEffect(() => {
    if (!panel) {
      return;
    }
    let timer: number | null = null;
    const later = () => {
      window.clearTimeout(timer ?? undefined);
      timer = window.setTimeout(() => setEdition(n => n + 1), LATER_MS);
    };
    panel.model?.contentChanged.connect(later);
    return () => {
      window.clearTimeout(timer ?? undefined);
      panel.model?.contentChanged.disconnect(later);
    };
  }, [panel]);
  React.useEffect(() => {
    if (!panel) {
      return;
    }
    let gone = false;
    void (async () => {
      const found = await conversation.lookAtVariables();
      try {
        const made = await api.call<IGraph>('graph', 'POST', {
          cells: cellViews(panel),
          ran: conversation.executionOrder(),
          variables: found.map(({ name, type }) => ({ name, type })),
          anchor,
          question: draft,
          attachments: conversation.attachments
        });
        if (!gone) {
          setGraph(made);
          setVariables(found);
          setFault('');
        }
      } catch (error) {
        if (!gone) {
          setFault(error instanceof Error ? error.message : String(error));
        }
      }
    })();
    return () => {
      gone = true;
    };
  }, [panel, anchor, edition, draft]);
  if (!panel) {
    return <p className="clew-Quiet clew-Context">{t('Open a notebook to see its map.')}</p>;
  }
  return (
    <div className="clew-Context">
      {fault && <p className="clew-Note clew-mod-warn">{fault}</p>}
      {graph && <Drawing graph={graph} conversation={conversation} />}
      {graph?.problems.map((problem, i) => (
        <p key={i} className="clew-Note clew-mod-warn">
          {problem.text}
        </p>
      ))}
      <label className="clew-Choice">
        <input
          type="checkbox"
          checked={conversation.withVariables}
          onChange={event => {
            conversation.withVariables = event.target.checked;
            setEdition(edition + 1);
          }}
        />
        {t('Read names and types of live variables (never values)')}
      </label>
      <h3>{t('Live variables')}</h3>
      {variables.length === 0 && <p className="clew-Quiet">{t('None, or the kernel is busy.')}</p>}
      <ul className="clew-Variables">
        {variables.map(variable => (
          <li key={variable.name}>
            <button
              className="clew-Button clew-mod-quiet"
              title={t('Add to the question')}
              onClick={() => conversation.attach({ kind: 'variable', name: variable.name })}
            >
              <b>{variable.name}</b>
            </button>{' '}
            <span className="clew-Quiet">
              {variable.type} {variable.shape.join(' × ')}
            </span>
            {Object.keys(variable.schema).length > 0 && (
              <div className="clew-Quiet">{Object.keys(variable.schema).join(', ')}</div>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Draw the cells below each other, and an arc for what one hands to another. */
function Drawing({
  graph,
  conversation
}: {
  graph: IGraph;
  conversation: Conversation;
}): JSX.Element {
  const place = new Map(graph.nodes.map((node, i) => [node.id, i]));
  const kept = new Map((graph.context?.kept ?? []).map(cell => [cell.id, cell.reason]));
  const dropped = new Map((graph.context?.dropped ?? []).map(cell => [cell.id, cell.reason]));
  const texts = new Map(cellViews(conversation.panel!).map(cell => [cell.id, cell.source]));
  const width = 46;
  const height = graph.nodes.length * ROW;
  return (
    <>
      <p className="clew-Quiet">
        {graph.context
          ? tn(
              '%1 cell would be sent',
              '%1 cells would be sent',
              kept.size
            ) + ` · ${tn('%1 token', '%1 tokens', graph.context.tokens)}`
          : ''}
      </p>
      <div className="clew-Map" style={{ height }}>
        <svg width={width} height={height} aria-hidden="true">
          {graph.edges.map((edge, i) => {
            const from = place.get(edge.from);
            const to = place.get(edge.to);
            if (from === undefined || to === undefined) {
              return null;
            }
            const [a, b] = [(from + 0.5) * ROW, (to + 0.5) * ROW];
            const out = Math.min(width - 6, 8 + Math.abs(to - from) * 7);
            return (
              <path key={i} d={`M ${width} ${a} C ${width - out} ${a}, ${width - out} ${b}, ${width} ${b}`} />
            );
          })}
        </svg>
        <ol>
          {graph.nodes.map((node, i) => {
            const makers = graph.edges.filter(edge => edge.to === node.id);
            const reads = makers.map(edge =>
              t('%1 from cell %2', edge.things.join(', '), (place.get(edge.from) ?? 0) + 1)
            );
            const why = kept.get(node.id) ?? dropped.get(node.id) ?? '';
            const words = [
              kept.has(node.id) ? t('sent: %1', why) : t('not sent: %1', why),
              node.stale ?? '',
              ...reads
            ].filter(Boolean);
            return (
              <li key={node.id} style={{ height: ROW }}>
                <button
                  className={`clew-MapCell${kept.has(node.id) ? ' clew-mod-kept' : ''}${
                    node.stale ? ' clew-mod-stale' : ''
                  }`}
                  title={words.join('\n')}
                  onClick={() => void jumpTo(conversation.panel!, node.id)}
                >
                  <span>{i + 1}</span>
                  <span className="clew-MapCell-text">
                    {node.defines.length
                      ? node.defines.join(', ')
                      : firstWords(texts.get(node.id) ?? '', 40)}
                  </span>
                  {node.stale && <span className="clew-Badge clew-mod-warn">{t('stale')}</span>}
                  {kept.has(node.id) && <span className="clew-Badge">{t('sent')}</span>}
                </button>
              </li>
            );
          })}
        </ol>
      </div>
    </>
  );
}
