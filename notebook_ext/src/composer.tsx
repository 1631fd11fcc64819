/** Where is the question written? With what goes along with it, completion, and Stop. */

import * as React from 'react';

import { commandList, ICommand } from './chat_commands';
import { complete, IChoice, useFiles, wordStart } from './composer_choices';
import { useDrop } from './composer_drop';
import { Conversation } from './conversation';
import { IAttachment, ISource, Mode } from './events';
import { useSignal } from './hooks';
import { firstWords, indexOf, markedText, selectedCells } from './notebook';
import { t, tn } from './words';

const LONGEST = 10_000;

export interface IComposerProps {
  conversation: Conversation;
  sources: ISource[];
  swapEnter: boolean;
  run: (command: ICommand, rest: string) => void;
  /** Is called when a question was sent. */
  asked: () => void;
  /** Is told the text field, so that a shortcut can put the focus there. */
  field: React.RefObject<HTMLTextAreaElement>;
}

export function Composer(props: IComposerProps): JSX.Element {
  const { conversation, sources, swapEnter, run, asked, field } = props;
  useSignal(conversation.changed);
  const [text, setText] = React.useState(conversation.draft);
  const [caret, setCaret] = React.useState(0);
  const [chosen, setChosen] = React.useState(0);
  const [closed, setClosed] = React.useState(false);
  const box = React.useRef<HTMLDivElement>(null);
  const listId = React.useId();
  const running = conversation.running;

  React.useEffect(() => setText(conversation.draft), [conversation]);
  React.useEffect(() => {
    const put = () => setText(conversation.draft);
    conversation.drafted.connect(put);
    return () => void conversation.drafted.disconnect(put);
  }, [conversation]);
  React.useLayoutEffect(() => {
    const area = field.current;
    if (area) {
      area.style.height = 'auto';
      area.style.height = `${Math.min(area.scrollHeight + 2, 220)}px`;
    }
  }, [text]);
  useDrop(box, conversation);

  const files = useFiles(conversation, /(^|\s)@\S*$/.test(text.slice(0, caret)));
  const choices = closed ? [] : complete(text, caret, sources, conversation, files);
  const pick = (choice: IChoice) => {
    const start = wordStart(text, caret);
    const next = text.slice(0, start) + choice.insert + ' ' + text.slice(caret);
    change(next, start + choice.insert.length + 1);
    if (choice.attach) {
      conversation.attach(choice.attach);
    }
    field.current?.focus();
  };
  const change = (next: string, at: number) => {
    setText(next);
    setCaret(at);
    setChosen(0);
    setClosed(false);
    conversation.keepDraft(next);
  };
  const send = () => {
    const question = text.trim();
    if (!question || running) {
      return;
    }
    const command = commandList().find(
      c => question === `/${c.name}` || question.startsWith(`/${c.name} `)
    );
    change('', 0);
    if (command) {
      run(command, question.slice(command.name.length + 1).trim());
    } else {
      void conversation.ask(question);
      asked();
    }
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) {
      return; // Enter chooses a character of an input method
    }
    if (choices.length) {
      const steps: { [key: string]: number } = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in steps) {
        event.preventDefault();
        setChosen((chosen + steps[event.key] + choices.length) % choices.length);
        return;
      }
      if (event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey)) {
        event.preventDefault();
        pick(choices[Math.min(chosen, choices.length - 1)]);
        return;
      }
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        setClosed(true);
        return;
      }
    }
    if (event.key === 'Enter' && event.shiftKey === swapEnter && !event.altKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && !text) {
      const last = conversation.turns.filter(turn => turn.recovers === null).at(-1);
      if (last) {
        event.preventDefault();
        change(last.question, last.question.length);
      }
    }
  };
  const moved = (event: React.SyntheticEvent<HTMLTextAreaElement>) => {
    setCaret(event.currentTarget.selectionStart);
  };
  return (
    <div className="clew-Composer" ref={box}>
      <Chips conversation={conversation} />
      {choices.length > 0 && (
        <ul className="clew-Choices" role="listbox" id={listId} aria-label={t('Completions')}>
          {choices.map((choice, i) => (
            <li
              key={choice.label}
              id={`${listId}-${i}`}
              role="option"
              aria-selected={i === chosen}
              onMouseDown={event => {
                event.preventDefault();
                pick(choice);
              }}
            >
              <b>{choice.label}</b> <span>{choice.detail}</span>
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={field}
        className="clew-Field"
        aria-label={t('Question')}
        aria-controls={choices.length ? listId : undefined}
        aria-activedescendant={choices.length ? `${listId}-${chosen}` : undefined}
        placeholder={t('Ask about your data…')}
        rows={2}
        maxLength={LONGEST}
        value={text}
        onChange={event => change(event.target.value, event.target.selectionStart)}
        onSelect={moved}
        onFocus={() => conversation.touch()}
        onKeyDown={onKeyDown}
      />
      <div className="clew-Composer-foot">
        <select
          aria-label={t('How much may happen without asking')}
          title={t('How much may happen without asking')}
          value={conversation.mode}
          onChange={event => conversation.setMode(event.target.value as Mode)}
        >
          <option value="ask">{t('Ask')}</option>
          <option value="edits">{t('Edits')}</option>
          <option value="plan">{t('Plan first')}</option>
          <option value="auto">{t('Auto')}</option>
        </select>
        <span className="clew-Hint">{swapEnter ? t('Shift+Enter sends') : t('Enter sends')}</span>
        {running ? (
          <button
            className="clew-Button clew-mod-stop"
            disabled={running.phase === 'stopping'}
            onClick={() => conversation.stop()}
          >
            {t('Stop')}
          </button>
        ) : (
          <button className="clew-Button clew-mod-main" disabled={!text.trim()} onClick={send}>
            {t('Send')}
          </button>
        )}
      </div>
    </div>
  );
}

/** Show what is sent with the question; each can be taken away. */
function Chips({ conversation }: { conversation: Conversation }): JSX.Element | null {
  const { panel, anchor } = conversation;
  const notebook = panel?.model?.sharedModel;
  if (!notebook) {
    return (
      <div className="clew-Chips">
        <span className="clew-Chip">{t('No notebook: answers come without cells')}</span>
      </div>
    );
  }
  const marked = markedText(panel!);
  const selected = selectedCells(panel!);
  const index = indexOf(notebook, anchor);
  const words = index < 0 ? '' : firstWords(notebook.getCell(index).source, 24);
  return (
    <div className="clew-Chips">
      {index < 0 ? (
        <button className="clew-Chip" onClick={() => conversation.pin(undefined)}>
          {t('Whole notebook')}
        </button>
      ) : (
        <span
          className="clew-Chip"
          title={t('The question is asked from this cell: %1', anchor ?? '')}
        >
          <button
            className="clew-Chip-text"
            title={
              conversation.pinned === undefined ? t('Keep this cell') : t('Follow the active cell')
            }
            aria-pressed={conversation.pinned !== undefined}
            onClick={() =>
              conversation.pin(conversation.pinned === undefined ? anchor : undefined)
            }
          >
            {conversation.pinned === undefined
              ? t('Cell %1', index + 1)
              : t('Pinned: cell %1', index + 1)}
            {words ? `: ${words}` : ''}
          </button>
          <Remove label={t('Ask about the whole notebook')} go={() => conversation.pin(null)} />
        </span>
      )}
      {selected.length > 0 && (
        <span className="clew-Chip" title={t('The selected cells go along with the question.')}>
          {tn('%1 selected cell', '%1 selected cells', selected.length)}
          <Remove
            label={t('Leave out the selected cells')}
            go={() => panel!.content.deselectAll()}
          />
        </span>
      )}
      {marked && conversation.withMarked && (
        <span className="clew-Chip" title={marked.slice(0, 500)}>
          <span className="clew-Chip-text">{t('Marked: %1', firstWords(marked, 24))}</span>
          <Remove
            label={t('Leave out the marked text')}
            go={() => {
              conversation.withMarked = false;
              conversation.touch();
            }}
          />
        </span>
      )}
      {conversation.attachments.map(attachment => (
        <span className="clew-Chip" key={`${attachment.kind} ${attachment.name}`}>
          {nameOf(attachment, conversation)}
          <Remove
            label={t('Leave out %1', attachment.name)}
            go={() => conversation.detach(attachment)}
          />
        </span>
      ))}
    </div>
  );
}

function Remove({ label, go }: { label: string; go: () => void }): JSX.Element {
  return (
    <button className="clew-Chip-remove" aria-label={label} title={label} onClick={go}>
      ×
    </button>
  );
}

function nameOf(attachment: IAttachment, conversation: Conversation): string {
  if (attachment.kind !== 'cell') {
    return attachment.name;
  }
  const index = indexOf(conversation.panel!.model!.sharedModel, attachment.name);
  return index < 0 ? attachment.name : t('Cell %1', index + 1);
}
