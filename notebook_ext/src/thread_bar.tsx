/** Which thread is open, which others are there, and what is shown? */

import { addIcon, deleteIcon, editIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Conversation } from './conversation';
import type { ClewPanel, View } from './panel';
import { t, tn } from './words';

interface IProps {
  panel: ClewPanel;
  conversation: Conversation;
}

export function ThreadBar({ panel, conversation }: IProps): JSX.Element {
  const [open, setOpen] = React.useState(false);
  const { threads, thread } = conversation;
  const title = threads.find(other => other.id === thread)?.title;
  const views: { view: View; label: string }[] = [
    { view: 'chat', label: t('Chat') },
    { view: 'sources', label: t('Sources') },
    { view: 'context', label: t('Context') }
  ];
  const close = () => setOpen(false);
  return (
    <header className="clew-Bar">
      <div className="clew-Tabs" role="group" aria-label={t('View')}>
        {views.map(({ view, label }) => (
          <button
            key={view}
            className="clew-Tab"
            aria-pressed={panel.view === view}
            onClick={() => (panel.view = view)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="clew-Threads">
        <button
          className="clew-Button clew-mod-quiet clew-Threads-title"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
            void conversation.refreshThreads();
          }}
        >
          <span>{title ?? t('New thread')}</span> ▾
        </button>
        <button
          className="clew-Button clew-mod-quiet"
          title={t('New thread')}
          aria-label={t('New thread')}
          onClick={() => {
            close();
            conversation.newThread();
            panel.focusComposer();
          }}
        >
          <addIcon.react tag="span" width="16px" height="16px" />
        </button>
      </div>
      {open && (
        <div
          className="clew-ThreadList"
          onKeyDown={event => {
            if (event.key === 'Escape') {
              event.stopPropagation();
              close();
            }
          }}
        >
          {threads.length === 0 && <p className="clew-Quiet">{t('No threads yet.')}</p>}
          <ul aria-label={t('Threads of this notebook')}>
            {threads.map(other => (
              <ThreadRow
                key={other.id}
                conversation={conversation}
                id={other.id}
                title={other.title}
                detail={tn('%1 question', '%1 questions', other.questions)}
                isOpen={other.id === thread}
                opened={close}
              />
            ))}
          </ul>
        </div>
      )}
    </header>
  );
}

interface IRowProps {
  conversation: Conversation;
  id: string;
  title: string;
  detail: string;
  isOpen: boolean;
  opened: () => void;
}

function ThreadRow(props: IRowProps): JSX.Element {
  const { conversation, id, title, detail, isOpen, opened } = props;
  const [name, setName] = React.useState<string | null>(null);
  const [sure, setSure] = React.useState(false);
  if (name !== null) {
    const done = () => {
      setName(null);
      if (name.trim() && name !== title) {
        void conversation.renameThread(id, name.trim());
      }
    };
    return (
      <li>
        <input
          autoFocus
          aria-label={t('Name of the thread')}
          value={name}
          maxLength={200}
          onChange={event => setName(event.target.value)}
          onBlur={done}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              done();
            } else if (event.key === 'Escape') {
              event.stopPropagation();
              setName(null);
            }
          }}
        />
      </li>
    );
  }
  return (
    <li className={isOpen ? 'clew-mod-open' : undefined}>
      <button
        className="clew-Button clew-mod-quiet clew-Threads-title"
        aria-current={isOpen}
        title={detail}
        onClick={() => {
          opened();
          void conversation.openThread(id).catch(() => void conversation.refreshThreads());
        }}
      >
        <span>{title}</span>
      </button>
      <button
        className="clew-Button clew-mod-quiet clew-mod-icon"
        title={t('Rename')}
        aria-label={t('Rename %1', title)}
        onClick={() => setName(title)}
      >
        <editIcon.react tag="span" width="14px" height="14px" />
      </button>
      <button
        className="clew-Button clew-mod-quiet clew-mod-icon"
        title={t('Delete')}
        aria-label={sure ? t('Delete %1 for good', title) : t('Delete %1', title)}
        onBlur={() => setSure(false)}
        onClick={() => (sure ? void conversation.deleteThread(id) : setSure(true))}
      >
        {sure ? (
          t('Delete?')
        ) : (
          <deleteIcon.react tag="span" width="14px" height="14px" />
        )}
      </button>
    </li>
  );
}
