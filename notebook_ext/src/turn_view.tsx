/** What does one question with all that came of it look like? */

import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';

import { Prose } from './answer_prose';
import { Chart } from './chart';
import { walk } from './changes_walk';
import { Conversation } from './conversation';
import { IAnswer, IPlanStep } from './events';
import { useNow, useSignal } from './hooks';
import { clewIcon } from './icon';
import { Inspector } from './inspector';
import { Copy, ProposalCard } from './proposal_card';
import { ResultTable } from './result_table';
import { parseSql } from './sql_line';
import { Turn } from './turn';
import { ToolCards } from './tool_cards';
import { seconds, t, tn } from './words';

const SLOW_MS = 15_000;

interface IProps {
  conversation: Conversation;
  turn: Turn;
  rendermime: IRenderMimeRegistry;
}

export const TurnView = React.memo(function TurnView({
  conversation,
  turn,
  rendermime
}: IProps & { edition: number }): JSX.Element {
  useSignal(turn.changed);
  useSignal(conversation.staleness?.changed);
  React.useEffect(() => void conversation.recall(turn), []);
  const { answer } = turn;
  const asked = answer?.status === 'needs_clarification' ? answer.clarification : null;
  const options = asked?.options ?? [];
  return (
    <article className={`clew-Turn clew-mod-${turn.phase}`} data-run={turn.run ?? undefined}>
      {turn.recovers === null ? (
        <div className="clew-Question">{turn.question}</div>
      ) : (
        <p className="clew-Note clew-mod-warn">
          {turn.question}.{' '}
          {t('They were not saved. Nothing is put back unless you accept it.')}
        </p>
      )}
      <Speaker turn={turn} />
      <Progress conversation={conversation} turn={turn} />
      {!turn.isOver && turn.text && (
        <Prose text={turn.text} answer={null} {...{ conversation, turn, rendermime }} />
      )}
      {turn.isOver && (
        <AnswerText turn={turn} conversation={conversation} rendermime={rendermime} />
      )}
      {asked && options.length > 0 && (
        <div className="clew-Options" role="group" aria-label={asked.question}>
          {options.map(option => (
            <button
              key={option.id}
              className="clew-Button"
              disabled={conversation.running !== null}
              onClick={() =>
                void conversation.ask(option.id, {
                  replyTo: turn.run ?? undefined,
                  label: option.label
                })
              }
            >
              {option.label}
            </button>
          ))}
        </div>
      )}
      <WaitingPlan conversation={conversation} turn={turn} />
      {turn.approvals
        .filter(approval => approval.granted === null)
        .map(approval => (
          <section key={approval.id} className="clew-Proposal" aria-label={t('Approval')}>
            <header className="clew-Proposal-head">{t('May this run?')}</header>
            <pre className="clew-Exact">{approval.text}</pre>
            <div className="clew-Buttons">
              <button
                className="clew-Button clew-mod-main"
                onClick={() => void conversation.decide(turn, approval.id, true)}
              >
                {t('Allow once')}
              </button>
              <button
                className="clew-Button"
                onClick={() => void conversation.decide(turn, approval.id, false)}
              >
                {t('Refuse')}
              </button>
            </div>
          </section>
        ))}
      {answer && <Results {...{ answer, conversation, turn, rendermime }} />}
      <Proposals conversation={conversation} turn={turn} />
      {answer && <ToolCards answer={answer} />}
      <Inspector conversation={conversation} turn={turn} />
      {answer && <Cost conversation={conversation} turn={turn} answer={answer} />}
    </article>
  );
});

/** Name who answers: the agents that took part, with the sign of Clew. */
function Speaker({ turn }: { turn: Turn }): JSX.Element | null {
  const agents = [...new Set(turn.steps.map(step => step.agent))].filter(name => name !== 'proxy');
  if (turn.recovers !== null || turn.run === null) {
    return null;
  }
  return (
    <div className="clew-Speaker">
      <clewIcon.react tag="span" width="16px" height="16px" />
      <span>Clew</span>
      {agents.map(name => (
        <span className="clew-Agent" key={name}>
          {name}
        </span>
      ))}
    </div>
  );
}

/** Show the table and chart of an answer, or those of each step. */
function Results({
  answer,
  conversation,
  turn,
  rendermime
}: IProps & { answer: IAnswer }): JSX.Element {
  const parts = (answer.parts ?? []).filter(part => part.columns.length > 0);
  const shown =
    parts.length > 1
      ? parts.map(part => ({ step: part.step as string | null, task: part.task, of: part }))
      : [{ step: null, task: '', of: answer }];
  return (
    <>
      {shown.map(({ step, task, of }) => (
        <section key={step ?? ''} aria-label={task || t('Result')}>
          {task && <h4 className="clew-Task">{task}</h4>}
          {of.chart && turn.run && (
            <Chart
              run={turn.run}
              step={step}
              title={String(of.chart.layout?.title ?? '')}
              pin={pinOf(conversation, turn, of.chart)}
              rendermime={rendermime}
            />
          )}
          {of.columns.length > 0 && <ResultTable answer={of} run={turn.run} step={step} />}
        </section>
      ))}
    </>
  );
}

/** Find the proposed cell of a chart: it is accepted with the query that it needs. */
function pinOf(
  conversation: Conversation,
  turn: Turn,
  chart: { data?: string }
): { done: boolean; go: () => void } | null {
  const charts = turn.items.filter(item => item.proposal.kind === 'chart');
  const named = charts.find(item => item.proposal.metadata.clew?.spec?.data === chart.data);
  const item = named ?? (charts.length === 1 ? charts[0] : undefined);
  if (!item || !conversation.panel) {
    return null;
  }
  const data = item.proposal.metadata.clew?.spec?.data;
  const needed = turn.items.filter(other => parseSql(other.proposal.new)?.name === data);
  return {
    done: item.state === 'accepted' || item.state === 'edited',
    go: () => void conversation.decisions.accept(turn, [...needed, item])
  };
}

function Progress({ turn }: { conversation: Conversation; turn: Turn }): JSX.Element | null {
  const now = useNow(!turn.isOver);
  if (turn.recovers !== null || (turn.isOver && turn.steps.length < 2)) {
    return null;
  }
  const slow = now - turn.heard > SLOW_MS;
  const word = {
    sending: t('Sending…'),
    running: turn.steps.some(step => step.state === 'execution') ? t('Working…') : t('Reading…'),
    reconnecting: t('Connection lost; trying again…'),
    stopping: t('Stopping…'),
    over: '',
    lost: ''
  }[turn.phase];
  return (
    <div className="clew-Progress">
      {!turn.isOver && (
        <div className="clew-Status">
          <span className="clew-Spinner" aria-hidden="true" />
          <span>{word}</span>
          <span className="clew-Elapsed">{seconds(Math.max(0, now - turn.started) / 1000)}</span>
          {slow && <span>{t('This takes longer than usual. You can stop it.')}</span>}
        </div>
      )}
      {turn.steps.length > 0 && (
        <ol className="clew-Plan" aria-label={t('Plan')}>
          {turn.steps.map(step => (
            <Step key={step.id} step={step} />
          ))}
        </ol>
      )}
      {turn.notes.map((note, i) => (
        <p key={i} className="clew-Note">
          {note}
        </p>
      ))}
    </div>
  );
}

const MARKS = { wait: '○', execution: '◐', finish: '✓', failed: '✕' };

function Step({ step }: { step: IPlanStep }): JSX.Element {
  const words = {
    wait: t('waiting'),
    execution: t('running'),
    finish: t('done'),
    failed: t('failed')
  };
  return (
    <li className={`clew-Step clew-mod-${step.state}`}>
      <span className="clew-Step-mark" role="img" aria-label={words[step.state]}>
        {MARKS[step.state]}
      </span>
      <span className="clew-Agent">{step.agent}</span>
      <span className="clew-Step-task">{step.task}</span>
      {step.seconds !== null && <span className="clew-Elapsed">{seconds(step.seconds)}</span>}
    </li>
  );
}

function AnswerText({ conversation, turn, rendermime }: IProps): JSX.Element | null {
  const { answer, error } = turn;
  const again = (
    <div className="clew-Buttons">
      {turn.phase === 'lost' && (
        <button className="clew-Button" onClick={() => void conversation.goOn(turn)}>
          {t('Go on')}
        </button>
      )}
      <button
        className="clew-Button"
        disabled={conversation.running !== null}
        onClick={() => void conversation.ask(turn.question)}
      >
        {t('Ask again')}
      </button>
    </div>
  );
  if (error) {
    return (
      <div className="clew-Answer">
        <p className="clew-Note clew-mod-warn">
          {error.reason} {error.hint}
        </p>
        {again}
      </div>
    );
  }
  const bad = answer && ['cannot_answer', 'refused', 'failed'].includes(answer.status);
  const text = answer ? answer.text || answer.reason || '' : turn.text;
  return (
    <div className={`clew-Answer${bad ? ' clew-mod-bad' : ''}`}>
      {text && <Prose {...{ text, answer, conversation, turn, rendermime }} />}
      {answer?.warnings.map((warning, i) => (
        <p key={i} className="clew-Note clew-mod-warn">
          {warning}
        </p>
      ))}
      {answer?.status === 'failed' && again}
    </div>
  );
}

/** Show a plan that waits for the user's word, to be changed or run. */
function WaitingPlan({ conversation, turn }: Omit<IProps, 'rendermime'>): JSX.Element | null {
  const [steps, setSteps] = React.useState<IPlanStep[] | null>(null);
  const waits =
    turn.answer?.status === 'needs_clarification' &&
    turn.steps.length > 0 &&
    turn.steps.every(step => step.state === 'wait');
  if (!waits) {
    return null;
  }
  const shown = steps ?? turn.steps;
  const change = (id: string, task: string) =>
    setSteps(shown.map(step => (step.id === id ? { ...step, task } : step)));
  const drop = (id: string) =>
    setSteps(
      shown
        .filter(step => step.id !== id)
        .map(step => ({ ...step, needs: step.needs.filter(need => need !== id) }))
    );
  return (
    <section className="clew-Proposal" aria-label={t('Plan to run')}>
      <header className="clew-Proposal-head">{t('Run this plan?')}</header>
      {shown.map(step => (
        <div key={step.id} className="clew-PlanEdit">
          <span className="clew-Agent">{step.agent}</span>
          <textarea
            rows={2}
            aria-label={t('Task of step %1', step.id)}
            value={step.task}
            onChange={event => change(step.id, event.target.value)}
          />
          <button
            className="clew-Button clew-mod-quiet"
            aria-label={t('Leave out step %1', step.id)}
            onClick={() => drop(step.id)}
          >
            ✕
          </button>
        </div>
      ))}
      <div className="clew-Buttons">
        <button
          className="clew-Button clew-mod-main"
          disabled={shown.length === 0}
          onClick={() => void conversation.runPlan(turn, steps)}
        >
          {t('Run')}
        </button>
      </div>
    </section>
  );
}

function Proposals({ conversation, turn }: Omit<IProps, 'rendermime'>): JSX.Element | null {
  const { items } = turn;
  if (items.length === 0) {
    return null;
  }
  const open = items.filter(item => item.state === 'open' || item.state === 'undone');
  const fresh = items.filter(item => item.state === 'open');
  const accepted = items.filter(item => item.state === 'accepted' || item.state === 'edited');
  const runnable = accepted.some(
    item => item.proposal.op !== 'delete' && item.proposal.cell_type === 'code'
  );
  return (
    <div className="clew-Proposals">
      {open.length > 1 && (
        <div className="clew-Buttons clew-mod-bar">
          <span>{tn('%1 cell proposed', '%1 cells proposed', open.length)}</span>
          <button
            className="clew-Button clew-mod-main"
            onClick={() => void conversation.decisions.accept(turn, open)}
          >
            {t('Accept all')}
          </button>
          <button className="clew-Button" onClick={() => conversation.decisions.reject(turn, fresh)}>
            {t('Reject all')}
          </button>
          {conversation.panel && fresh.length > 0 && (
            <>
              <button
                className="clew-Button clew-mod-quiet"
                title={t('Go to the change before')}
                aria-label={t('Go to the change before')}
                onClick={() => void walk(conversation, -1)}
              >
                ↑
              </button>
              <button
                className="clew-Button clew-mod-quiet"
                title={t('Go to the next change')}
                aria-label={t('Go to the next change')}
                onClick={() => void walk(conversation, 1)}
              >
                ↓
              </button>
            </>
          )}
        </div>
      )}
      {items.map(item => (
        <div key={item.proposal.id} data-cell={item.proposal.cell_id}>
          <ProposalCard conversation={conversation} turn={turn} item={item} />
        </div>
      ))}
      {accepted.length > 0 && (
        <div className="clew-Buttons clew-mod-bar">
          {runnable && (
            <button
              className="clew-Button clew-mod-main"
              onClick={() => void conversation.decisions.run(turn)}
            >
              {tn('Run the cell', 'Run the cells', accepted.length)}
            </button>
          )}
          <button className="clew-Button" onClick={() => void conversation.decisions.takeBack(turn)}>
            {t('Take back')}
          </button>
        </div>
      )}
    </div>
  );
}

function Cost({
  conversation,
  turn,
  answer
}: {
  conversation: Conversation;
  turn: Turn;
  answer: IAnswer;
}): JSX.Element {
  const { usage } = answer;
  const parts = [seconds(answer.seconds.total)];
  if (answer.model) {
    parts.push(answer.model);
    parts.push(
      tn('%1 call', '%1 calls', usage.calls),
      t('%1 tokens in, %2 out', usage.prompt_tokens, usage.completion_tokens)
    );
  } else {
    parts.push(t('no model'));
  }
  const detail = [
    t('database %1', seconds(answer.seconds.database)),
    answer.as_of ? t('data as of %1', new Date(answer.as_of).toLocaleString()) : '',
    answer.confidence === null ? '' : t('confidence %1 %', Math.round(answer.confidence * 100))
  ].filter(Boolean);
  return (
    <footer className="clew-Cost">
      <span title={detail.join('\n')}>{[...parts, ...detail.slice(1)].join(' · ')}</span>
      <span className="clew-Cost-actions">
        {answer.text && <Copy text={answer.text} />}
        {turn.run && (
          <button
            className="clew-Button clew-mod-quiet"
            title={t('Go on from here in a thread of its own')}
            onClick={() => void conversation.branch(turn)}
          >
            {t('Branch')}
          </button>
        )}
      </span>
    </footer>
  );
}
