/** What stands in the right area? The threads of the notebook, sources, and the context map. */

import { ReactWidget } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { LabIcon } from '@jupyterlab/ui-components';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import * as api from './api';
import { commandList, ICommand } from './chat_commands';
import { Composer } from './composer';
import { ContextMap } from './context_map';
import { Conversation } from './conversation';
import { explainCell } from './error_help';
import { ISource, IServerStatus } from './events';
import { useSignal } from './hooks';
import { ModelLine } from './model_line';
import { SourcesView } from './sources_view';
import { ThreadBar } from './thread_bar';
import { Turn } from './turn';
import { TurnView } from './turn_view';
import { t } from './words';

export type View = 'chat' | 'sources' | 'context';

export interface IPanelOptions {
  rendermime: IRenderMimeRegistry;
  icon: LabIcon;
}

/** The widget of the right area. */
export class ClewPanel extends ReactWidget {
  constructor(private _options: IPanelOptions) {
    super();
    this.id = 'clew-panel';
    this.title.icon = _options.icon;
    this.title.caption = t('Clew: ask about your data');
    this.addClass('clew-Panel');
    this.node.setAttribute('role', 'complementary');
    this.node.setAttribute('aria-label', 'Clew');
  }

  /** The conversation of the notebook in front. */
  get conversation(): Conversation | null {
    return this._conversation;
  }

  set conversation(value: Conversation | null) {
    if (value !== this._conversation) {
      this._conversation = value;
      this._changed.emit();
    }
  }

  get view(): View {
    return this._view;
  }

  set view(value: View) {
    this._view = value;
    this._changed.emit();
  }

  /** Enter sends unless this is on; then Shift+Enter does. */
  get swapEnter(): boolean {
    return this._swapEnter;
  }

  set swapEnter(value: boolean) {
    this._swapEnter = value;
    this._changed.emit();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Put the focus where the question is written. */
  focusComposer(): void {
    this.view = 'chat';
    window.setTimeout(() => this.field.current?.focus(), 0);
  }

  readonly field = React.createRef<HTMLTextAreaElement>();

  protected onActivateRequest(): void {
    this.focusComposer();
  }

  protected render(): JSX.Element {
    return <Face panel={this} rendermime={this._options.rendermime} />;
  }

  private _conversation: Conversation | null = null;
  private _view: View = 'chat';
  private _swapEnter = false;
  private _changed = new Signal<this, void>(this);
}

interface IFaceProps {
  panel: ClewPanel;
  rendermime: IRenderMimeRegistry;
}

function Face({ panel, rendermime }: IFaceProps): JSX.Element {
  useSignal(panel.changed);
  const { conversation, view } = panel;
  useSignal(conversation?.changed);
  const server = useServer();
  if (!conversation) {
    return <div className="clew-Empty">{t('Loading…')}</div>;
  }
  const run = (command: ICommand) => obey(command.name, panel, conversation);
  return (
    <div className="clew-Face">
      <ThreadBar panel={panel} conversation={conversation} />
      {server.status?.problem && (
        <p className="clew-Note clew-mod-warn" role="status">
          {server.status.problem}
        </p>
      )}
      {conversation.notice && <Notice conversation={conversation} />}
      <Warnings lines={server.status?.warnings ?? []} />
      {view === 'sources' && (
        <SourcesView sources={server.sources} conversation={conversation}>
          {server.status && <ModelLine status={server.status} />}
        </SourcesView>
      )}
      {view === 'context' && <ContextMap conversation={conversation} draft={conversation.draft} />}
      <div className="clew-Chat" hidden={view !== 'chat'}>
        <Log conversation={conversation} rendermime={rendermime} ready={server.status !== null} />
      </div>
      <Composer
        conversation={conversation}
        sources={server.sources ?? []}
        swapEnter={panel.swapEnter}
        run={run}
        asked={() => (panel.view = 'chat')}
        field={panel.field}
      />
    </div>
  );
}

/** Tell what the server warns of, until it was read. */
function Warnings({ lines }: { lines: string[] }): JSX.Element | null {
  const [read, setRead] = React.useState('');
  const text = lines.join('\n');
  return text && text !== read ? (
    <div className="clew-Note clew-mod-warn clew-Notice" role="status">
      <span>{lines.join(' ')}</span>
      <button
        className="clew-Button clew-mod-quiet"
        aria-label={t('Close this warning')}
        onClick={() => setRead(text)}
      >
        ×
      </button>
    </div>
  ) : null;
}

function Notice({ conversation }: { conversation: Conversation }): JSX.Element {
  const notice = conversation.notice!;
  return (
    <div className="clew-Note clew-mod-warn clew-Notice" role="alert">
      <span>{notice.text}</span>
      {notice.action && (
        <button className="clew-Button" onClick={notice.action.run}>
          {notice.action.label}
        </button>
      )}
      <button
        className="clew-Button clew-mod-quiet"
        aria-label={t('Close this message')}
        onClick={() => conversation.dismiss()}
      >
        ×
      </button>
    </div>
  );
}

interface ILogProps {
  conversation: Conversation;
  rendermime: IRenderMimeRegistry;
  ready: boolean;
}

function Log({ conversation, rendermime }: ILogProps): JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const follows = React.useRef(true);
  const height = React.useRef(0);
  const { turns } = conversation;
  React.useEffect(() => {
    const node = box.current!;
    // New text pulls the view down only while the user is at the end; what an answer begins
    // with stays in sight when it is longer than the panel.
    const pull = () => {
      height.current = node.scrollHeight;
      if (!follows.current) {
        return;
      }
      const last = node.querySelector<HTMLElement>('.clew-Turn:last-child');
      const long = last && last.offsetHeight > node.clientHeight;
      const top = long && last.classList.contains('clew-mod-over') ? last.offsetTop - 8 : Infinity;
      node.scrollTo({ top: Math.min(top, node.scrollHeight) });
    };
    const observer = new ResizeObserver(pull);
    observer.observe(node.firstElementChild!);
    return () => observer.disconnect();
  }, [conversation]);
  React.useEffect(() => {
    follows.current = true;
  }, [turns.length]);
  const scrolled = () => {
    const node = box.current!;
    // As it was when last looked at: text that has grown since was not scrolled away from.
    follows.current = height.current - node.scrollTop - node.clientHeight < 40;
  };
  return (
    <div
      ref={box}
      className="clew-Log"
      role="log"
      aria-live="off"
      aria-label={t('Questions and answers')}
      tabIndex={0}
      onScroll={scrolled}
    >
      <div className="clew-Log-content">
        {turns.length === 0 && <Welcome conversation={conversation} />}
        {turns.map((turn, i) => (
          <TurnView
            key={turn.recovers ?? turn.run ?? `new-${i}`}
            {...{ conversation, turn, rendermime }}
            edition={conversation.edition}
          />
        ))}
      </div>
      <Spoken conversation={conversation} />
    </div>
  );
}

/** Tell a screen reader what happened: the outcome once, not each token. */
function Spoken({ conversation }: { conversation: Conversation }): JSX.Element {
  const turn = conversation.turns.at(-1);
  useSignal(turn?.changed);
  let words = '';
  if (turn && turn.recovers === null) {
    if (!turn.isOver) {
      words = turn.phase === 'stopping' ? t('Stopping') : t('Working on the answer');
    } else {
      words = turn.error?.reason ?? turn.answer?.text ?? '';
      words = words || turn.answer?.reason || turn.text;
      const open = turn.items.filter(item => item.state === 'open').length;
      words += open ? ' ' + t('%1 cells are proposed.', open) : '';
    }
  }
  return (
    <div className="clew-Spoken" role="status" aria-live="polite">
      {words}
    </div>
  );
}

function Welcome({ conversation }: { conversation: Conversation }): JSX.Element {
  const [samples, setSamples] = React.useState<string[] | null>(null);
  React.useEffect(() => {
    let gone = false;
    loadSamples()
      .then(found => !gone && setSamples(found))
      .catch(() => !gone && setSamples([]));
    return () => {
      gone = true;
    };
  }, []);
  return (
    <div className="clew-Welcome">
      <p>{t('Ask a question about your data. Each number of the answer shows where it is from.')}</p>
      {samples === null && <p className="clew-Quiet">{t('Looking for questions to try…')}</p>}
      {samples && samples.length > 0 && (
        <div className="clew-Options" role="group" aria-label={t('Questions to try')}>
          {samples.slice(0, 5).map(sample => (
            <button
              key={sample}
              className="clew-Button"
              onClick={() => void conversation.ask(sample)}
            >
              {sample}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

let samplesOnce: Promise<string[]> | null = null;

function loadSamples(): Promise<string[]> {
  samplesOnce ??= api
    .call<{ questions: string[] }>('samples')
    .then(body => body.questions)
    .catch(error => {
      samplesOnce = null;
      throw error;
    });
  return samplesOnce;
}

/** Follow the state of the server, and read the sources once it is ready. */
function useServer(): { status: IServerStatus | null; sources: ISource[] | null } {
  const [status, setStatus] = React.useState<IServerStatus | null>(null);
  const [sources, setSources] = React.useState<ISource[] | null>(null);
  React.useEffect(() => {
    let timer: number | null = null;
    let gone = false;
    let wait = 500;
    const look = async () => {
      try {
        const now = await api.call<IServerStatus>('status');
        if (gone) {
          return;
        }
        setStatus(now);
        if (now.state === 'ready') {
          const found = await api.call<{ sources: ISource[] }>('sources');
          if (!gone) {
            setSources(found.sources);
          }
          return;
        }
      } catch (error) {
        if (!gone) {
          setStatus({
            clew: '',
            state: 'problem',
            sources: [],
            model: null,
            problem:
              error instanceof api.ServerRefusal
                ? `${error.message} ${error.hint}`
                : t('The Jupyter server can not be reached.')
          });
        }
      }
      wait = Math.min(wait * 1.5, 10_000);
      timer = gone ? null : window.setTimeout(() => void look(), wait);
    };
    void look();
    return () => {
      gone = true;
      window.clearTimeout(timer ?? undefined);
    };
  }, []);
  return { status, sources };
}

function obey(name: string, panel: ClewPanel, conversation: Conversation): void {
  switch (name) {
    case 'new':
      conversation.newThread();
      break;
    case 'sources':
    case 'context':
      panel.view = name;
      break;
    case 'explain':
    case 'fix':
      void explainCell(conversation, null, name);
      break;
    case 'undo':
      void conversation.decisions.takeBack();
      break;
    case 'samples':
      void loadSamples()
        .catch(() => [])
        .then(found => tell(conversation, name, found.map(line => `- ${line}`).join('\n')));
      break;
    default: {
      const lines = commandList().map(command => `- \`/${command.name}\` ${command.says}`);
      tell(conversation, name, [...lines, `- \`@name\` ${t('asks one agent')}`].join('\n'));
    }
  }
}

function tell(conversation: Conversation, name: string, text: string): void {
  const turn = new Turn(`/${name}`);
  turn.text = text || t('Nothing was found.');
  conversation.addLocal(turn);
}
