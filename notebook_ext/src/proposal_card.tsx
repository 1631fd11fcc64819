/** What does a proposed cell look like, in the panel and in the notebook? */

import { checkIcon, copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Conversation } from './conversation';
import { diffLines } from './diff';
import { indexOf } from './notebook';
import { canPreview, Preview } from './preview';
import { sha256 } from './sha256';
import { IItem, Turn } from './turn';
import { t } from './words';

// In the panel a glance is enough: the whole text stands in the notebook.
const SHOWN_LINES = 5;
const SHOWN_IN_PLACE = 14;

const KINDS: { [kind: string]: () => string } = {
  sql: () => t('SQL cell'),
  python: () => t('Python cell'),
  pyspark: () => t('PySpark cell'),
  chart: () => t('Chart cell'),
  markdown: () => t('Text cell')
};

const RISKS: { [risk: string]: () => string } = {
  reads_files: () => t('reads files'),
  writes_files: () => t('writes files'),
  network: () => t('uses the network'),
  runs_programs: () => t('runs programs'),
  changes_data: () => t('changes data')
};

/** Name what a proposal would do. */
export function titleOf(item: IItem): string {
  const { proposal } = item;
  if (proposal.setup) {
    return t('Setup: load Clew');
  }
  const kind = (KINDS[proposal.kind] ?? KINDS.python)();
  return proposal.op === 'insert'
    ? t('New: %1', kind)
    : proposal.op === 'replace'
      ? t('Change: %1', kind)
      : t('Delete: %1', kind);
}

interface IProps {
  conversation: Conversation;
  turn: Turn;
  item: IItem;
  /** It stands in the notebook, where the cell would stand. */
  inPlace?: boolean;
}

export function ProposalCard({ conversation, turn, item, inPlace }: IProps): JSX.Element {
  const [editing, setEditing] = React.useState(false);
  const { proposal, state } = item;
  const text = item.text ?? proposal.new;
  const missing = conversation.decisions.isMissing(item);
  const decided = !['open', 'undone'].includes(state);
  const edit = () => setEditing(true);
  const accept = () => {
    setEditing(false);
    void conversation.decisions.accept(turn, [item]);
  };
  const label = titleOf(item);
  return (
    <section
      className={`clew-Proposal clew-mod-${proposal.op} clew-mod-${state}`}
      aria-label={label}
      data-proposal={proposal.id}
    >
      <header className="clew-Proposal-head">
        <span className="clew-Proposal-title">{label}</span>
        {proposal.risk !== 'none' && (
          <span className="clew-Badge clew-mod-warn" title={t('Runs in your own kernel.')}>
            {(RISKS[proposal.risk] ?? (() => proposal.risk))()}
          </span>
        )}
        <State item={item} missing={missing} />
      </header>
      {editing && !decided ? (
        <Editor
          text={text}
          label={label}
          done={value => {
            item.text = value;
            accept();
          }}
          leave={() => setEditing(false)}
        />
      ) : (
        (!decided || !inPlace) && <Diff
            before={proposal.old}
            after={text}
            most={decided ? 0 : inPlace ? SHOWN_IN_PLACE : SHOWN_LINES}
          />
      )}
      {!editing && !decided && canPreview(proposal) && <Preview proposal={proposal} text={text} />}
      {item.note && (
        <p className="clew-Note clew-mod-warn" role="alert">
          {item.note}
        </p>
      )}
      {!editing && !decided && (
        <div className="clew-Buttons">
          {item.note ? (
            <Conflict conversation={conversation} turn={turn} item={item} />
          ) : (
            <button className="clew-Button clew-mod-main" onClick={accept}>
              {state === 'undone' ? t('Accept again') : t('Accept')}
            </button>
          )}
          {proposal.op !== 'delete' && (
            <button className="clew-Button" onClick={edit}>
              {t('Edit')}
            </button>
          )}
          <button className="clew-Button" onClick={() => conversation.decisions.reject(turn, [item])}>
            {t('Reject')}
          </button>
          <Instead conversation={conversation} turn={turn} item={item} />
          <Copy text={text} />
        </div>
      )}
      {state === 'rejected' && !inPlace && (
        <div className="clew-Buttons">
          <button className="clew-Button clew-mod-quiet" onClick={() => conversation.decisions.reopen(item)}>
            {t('Show again')}
          </button>
        </div>
      )}
      {missing && (
        <div className="clew-Buttons">
          <button
            className="clew-Button"
            onClick={() => {
              item.state = 'open';
              accept();
            }}
          >
            {t('Insert again')}
          </button>
        </div>
      )}
    </section>
  );
}

function State({ item, missing }: { item: IItem; missing: boolean }): JSX.Element | null {
  const words: { [state: string]: string } = {
    accepting: t('accepting…'),
    accepted: missing ? t('accepted, not in the notebook') : t('accepted'),
    edited: missing ? t('accepted, not in the notebook') : t('accepted with your text'),
    rejected: t('rejected'),
    undone: t('taken back')
  };
  const word = words[item.state];
  return word ? <span className={`clew-Badge clew-mod-${item.state}`}>{word}</span> : null;
}

/** Offer that a new cell replaces the one that was asked from; it is shown as a change first. */
function Instead({ conversation, turn, item }: IProps): JSX.Element | null {
  const { proposal } = item;
  const notebook = conversation.panel?.model?.sharedModel;
  const at = notebook ? indexOf(notebook, conversation.anchor) : -1;
  const cell = at < 0 ? null : notebook!.getCell(at);
  if (proposal.op !== 'insert' || proposal.setup || cell?.cell_type !== proposal.cell_type) {
    return null;
  }
  const replace = () => {
    const old = cell.source;
    item.proposal = { ...proposal, op: 'replace', cell_id: cell.id, old, base_sha256: sha256(old) };
    turn.standsIn(proposal.cell_id, cell.id);
    turn.touch();
    conversation.touch();
  };
  return (
    <button
      className="clew-Button"
      title={t('Shows the change first; nothing is replaced before you accept it')}
      onClick={replace}
    >
      {t('Replace cell %1', at + 1)}
    </button>
  );
}

/** Offer what can be done where the cell changed meanwhile: both texts are shown. */
function Conflict({ conversation, turn, item }: IProps): JSX.Element {
  const rebase = () => {
    const now = conversation.decisions.currentText(item);
    if (now === null) {
      item.proposal = { ...item.proposal, op: 'insert', base_sha256: null, old: '' };
    } else {
      item.proposal = { ...item.proposal, base_sha256: sha256(now), old: now };
    }
    item.note = null;
    turn.touch();
  };
  return (
    <button className="clew-Button clew-mod-main" onClick={rebase}>
      {t('Compare with the cell as it is now')}
    </button>
  );
}

interface IDiffProps {
  before: string;
  after: string;
  /** Lines that are shown before the reader asks for all. */
  most: number;
}

export function Diff({ before, after, most }: IDiffProps): JSX.Element {
  const [open, setOpen] = React.useState(false);
  const lines = React.useMemo(() => diffLines(before, after), [before, after]);
  const shown = open ? lines : lines.slice(0, most);
  return (
    <div className="clew-Diff">
      {shown.length > 0 && (
        <pre tabIndex={0} aria-label={t('Changed lines')}>
          {shown.map((line, i) => (
            <div
              key={i}
              className={
                line.sign === '+' ? 'clew-mod-in' : line.sign === '-' ? 'clew-mod-out' : undefined
              }
            >
              <span className="clew-Diff-sign">{line.sign}</span>
              {line.text || ' '}
            </div>
          ))}
        </pre>
      )}
      {lines.length > most && (
        <button
          className="clew-Button clew-mod-quiet"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? t('Show less') : t('Show all %1 lines', lines.length)}
        </button>
      )}
    </div>
  );
}

interface IEditorProps {
  text: string;
  label: string;
  done: (text: string) => void;
  leave: () => void;
}

function Editor({ text, label, done, leave }: IEditorProps): JSX.Element {
  const [value, setValue] = React.useState(text);
  const rows = Math.min(20, Math.max(3, value.split('\n').length + 1));
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      leave();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      done(value);
    }
  };
  return (
    <div data-lm-suppress-shortcuts="true">
      <textarea
        className="clew-Editor"
        aria-label={t('Text of: %1', label)}
        autoFocus
        spellCheck={false}
        rows={rows}
        value={value}
        onChange={event => setValue(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="clew-Buttons">
        <button className="clew-Button clew-mod-main" onClick={() => done(value)}>
          {t('Accept this text')}
        </button>
        <button className="clew-Button" onClick={leave}>
          {t('Back')}
        </button>
      </div>
    </div>
  );
}

export function Copy({ text }: { text: string }): JSX.Element {
  const [done, setDone] = React.useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      window.setTimeout(() => setDone(false), 1500);
    } catch {
      setDone(false);
    }
  };
  const label = done ? t('Copied') : t('Copy');
  const Icon = done ? checkIcon.react : copyIcon.react;
  return (
    <button
      className="clew-Button clew-mod-quiet clew-mod-icon"
      title={label}
      aria-label={label}
      onClick={() => void copy()}
    >
      <Icon tag="span" width="14px" height="14px" />
    </button>
  );
}
