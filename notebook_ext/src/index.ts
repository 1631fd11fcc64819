/** Which capabilities does the extension add to JupyterLab? */

import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { ICommandPalette, ISessionContextDialogs } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { acceptAll, openChanges, walk } from './changes_walk';
import { Conversation } from './conversation';
import { explainCell } from './error_help';
import { clewIcon } from './icon';
import { InPlace } from './in_place';
import { Journal } from './journal';
import { Keeper } from './keeper';
import { ClewPanel } from './panel';
import { SqlCompletions } from './sql_completion';
import { speak, t } from './words';

const PANEL = 'clew-notebook-ext:panel';

const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: PANEL,
  description: 'The Clew panel: questions beside the notebook, answers as proposed cells.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [
    ITranslator,
    ISettingRegistry,
    ICommandPalette,
    ILayoutRestorer,
    ISessionContextDialogs,
    ILabShell,
    ICompletionProviderManager
  ],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    dialogs: ISessionContextDialogs | null,
    shell: ILabShell | null,
    completions: ICompletionProviderManager | null
  ) => {
    if (translator) {
      speak(translator);
    }
    completions?.registerProvider(new SqlCompletions());
    const panel = new ClewPanel({ rendermime, icon: clewIcon });
    app.shell.add(panel, 'right', { rank: 100 });
    restorer?.add(panel, 'clew-panel');

    const journal = new Journal(`clew:${PageConfig.getBaseUrl()}`);
    const conversations = new WeakMap<NotebookPanel, Conversation>();
    let alone: Conversation | null = null;
    const open = () => app.shell.activateById(panel.id);

    const meet = (notebook: NotebookPanel): Conversation => {
      let found = conversations.get(notebook);
      if (!found) {
        const conversation = new Conversation(notebook, new Keeper(notebook, journal), dialogs);
        conversations.set(notebook, conversation);
        found = conversation;
        void notebook.context.ready.then(
          () => notebook.isDisposed || new InPlace(notebook, conversation, open)
        );
      }
      return found;
    };
    const follow = () => {
      const current = tracker.currentWidget;
      panel.conversation = current
        ? meet(current)
        : (alone ??= new Conversation(null, null, dialogs));
    };
    // Each notebook has its keeper from the start, also while another one is in front.
    tracker.widgetAdded.connect((_, notebook) => void meet(notebook));
    tracker.forEach(notebook => void meet(notebook));
    tracker.currentChanged.connect(follow);
    void app.restored.then(follow);

    const { commands } = app;
    commands.addCommand('clew:open', {
      label: t('Ask Clew'),
      caption: t('Open the Clew panel and write a question'),
      icon: clewIcon,
      execute: () => {
        if (shell?.rightCollapsed) {
          shell.expandRight();
        }
        open();
        panel.focusComposer();
      }
    });
    commands.addCommand('clew:ask-cell', {
      label: t('Ask Clew about This Cell'),
      icon: clewIcon,
      isEnabled: () => tracker.activeCell !== null,
      execute: () => {
        panel.conversation?.pin(tracker.activeCell?.model.id);
        return commands.execute('clew:open');
      }
    });
    commands.addCommand('clew:take-back', {
      label: t('Take Back What Was Accepted Last'),
      isEnabled: () => panel.conversation?.decisions.canTakeBack ?? false,
      execute: () => panel.conversation?.decisions.takeBack()
    });
    for (const [name, label, step] of [
      ['next-change', t('Go to the Next Proposed Change'), 1],
      ['previous-change', t('Go to the Proposed Change Before'), -1]
    ] as const) {
      commands.addCommand(`clew:${name}`, {
        label,
        isEnabled: () => panel.conversation != null && openChanges(panel.conversation).length > 0,
        execute: () => panel.conversation && walk(panel.conversation, step)
      });
    }
    commands.addCommand('clew:accept-all', {
      label: t('Accept All Proposed Changes'),
      isEnabled: () => panel.conversation != null && openChanges(panel.conversation).length > 0,
      execute: () => panel.conversation && acceptAll(panel.conversation)
    });
    commands.addCommand('clew:stop', {
      label: t('Stop the Answer'),
      isEnabled: () => panel.conversation?.running != null,
      execute: () => panel.conversation?.stop()
    });
    commands.addCommand('clew:explain', {
      label: t('Explain the Error of This Cell'),
      isEnabled: () => tracker.activeCell?.model.type === 'code',
      execute: () => {
        open();
        return panel.conversation && explainCell(panel.conversation, null, 'explain');
      }
    });
    for (const command of ['open', 'ask-cell', 'take-back', 'next-change', 'previous-change', 'accept-all', 'stop', 'explain']) {
      palette?.addItem({ command: `clew:${command}`, category: 'Clew' });
    }
    settings
      ?.load(PANEL)
      .then(loaded => {
        const read = () => {
          panel.swapEnter = loaded.get('sendWithShiftEnter').composite === true;
        };
        loaded.changed.connect(read);
        read();
      })
      .catch(reason => console.error('Clew could not read its settings.', reason));
  }
};

export default [panelPlugin];
