/** Which tools did the answer use? A card for each: what went in, what came out, how it ended. */

import * as React from 'react';

import { IAnswer } from './events';
import { Copy } from './proposal_card';
import { seconds, t, tn } from './words';

interface ICall {
  key: string;
  name: string;
  input: string;
  output: string;
  ok: boolean;
  seconds: number | null;
}

export function ToolCards({ answer }: { answer: IAnswer }): JSX.Element | null {
  const calls = callsOf(answer);
  if (calls.length === 0) {
    return null;
  }
  return (
    <div className="clew-Tools" role="group" aria-label={t('What was run')}>
      {calls.map(call => (
        <details key={call.key} className={`clew-Tool clew-mod-${call.ok ? 'finish' : 'failed'}`}>
          <summary>
            <span className="clew-Step-mark" role="img" aria-label={call.ok ? t('done') : t('failed')}>
              {call.ok ? '✓' : '✕'}
            </span>{' '}
            {call.name} <span className="clew-Quiet">{call.output}</span>
            {call.seconds !== null && <span className="clew-Elapsed"> {seconds(call.seconds)}</span>}
          </summary>
          <div className="clew-Quiet">{t('What went in')}</div>
          <pre className="clew-Exact" tabIndex={0} aria-label={t('What went in')}>
            {call.input}
          </pre>
          <Copy text={call.input} />
          <div className="clew-Quiet">{t('What came out: %1', call.output)}</div>
        </details>
      ))}
    </div>
  );
}

function callsOf(answer: IAnswer): ICall[] {
  const ok = answer.status === 'answered' || answer.status === 'needs_clarification';
  const parts = answer.parts ?? [];
  const of = parts.length
    ? parts.map(part => ({ ...part, sql: part.sql ?? null, key: part.step }))
    : [{ ...answer, key: 'answer', step: '' }];
  const calls: ICall[] = [];
  for (const each of of) {
    const step = answer.plan.find(other => other.id === each.key);
    if (each.sql) {
      calls.push({
        key: `${each.key} sql`,
        name: t('Query'),
        input: each.sql,
        output: ok
          ? `${tn('%1 row', '%1 rows', each.row_count)} · ${tn('%1 column', '%1 columns', each.columns.length)}`
          : answer.reason ?? '',
        ok: ok && step?.state !== 'failed',
        seconds: parts.length ? (step?.seconds ?? null) : answer.seconds.database
      });
    }
    if (each.chart) {
      calls.push({
        key: `${each.key} chart`,
        name: t('Chart'),
        input: JSON.stringify(each.chart, null, 2),
        output: String(each.chart.mark ?? ''),
        ok: true,
        seconds: null
      });
    }
  }
  return calls;
}
