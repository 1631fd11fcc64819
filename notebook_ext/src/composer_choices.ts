/** What completes while a question is written? */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import * as React from 'react';

import { commandList } from './chat_commands';
import { Conversation } from './conversation';
import { IAttachment, ISource } from './events';
import { firstWords } from './notebook';
import { t } from './words';

const MOST_FILES = 300;

export interface IChoice {
  insert: string;
  /** Goes along with the question. */
  attach?: IAttachment;
  label: string;
  detail: string;
}

/** List the files beside the notebook, once somebody begins to name one. */
export function useFiles(conversation: Conversation, wanted: boolean): string[] {
  const [files, setFiles] = React.useState<string[]>([]);
  const folder = (conversation.path ?? '').split('/').slice(0, -1).join('/');
  React.useEffect(() => {
    if (!wanted) {
      return;
    }
    let gone = false;
    listFiles(folder).then(
      found => !gone && setFiles(found),
      () => undefined // no listing: files can still be dragged here
    );
    return () => {
      gone = true;
    };
  }, [wanted, folder]);
  return files;
}

async function listFiles(folder: string): Promise<string[]> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'api/contents', URLExt.encodeParts(folder));
  const response = await ServerConnection.makeRequest(`${url}?content=1`, {}, settings);
  const { content } = (await response.json()) as { content: { path: string; type: string }[] };
  return content
    .filter(item => item.type !== 'directory')
    .map(item => item.path)
    .slice(0, MOST_FILES);
}

export function wordStart(text: string, caret: number): number {
  return text.slice(0, caret).search(/\S*$/);
}

const AGENTS: { name: string; says: () => string }[] = [
  { name: 'sql', says: () => t('answers with a query') },
  { name: 'chart', says: () => t('draws a result') },
  { name: 'insight', says: () => t('finds what stands out') },
  { name: 'combine', says: () => t('puts results side by side') }
];

/** Offer commands after a leading "/"; agents, tables, variables, cells and files after "@". */
export function complete(
  text: string,
  caret: number,
  sources: ISource[],
  conversation: Conversation,
  files: string[]
): IChoice[] {
  const start = wordStart(text, caret);
  const word = text.slice(start, caret).toLowerCase();
  if (start === 0 && word.startsWith('/')) {
    return commandList()
      .filter(command => `/${command.name}`.startsWith(word))
      .map(c => ({ insert: `/${c.name}`, label: `/${c.name}`, detail: c.says }));
  }
  if (!word.startsWith('@')) {
    return [];
  }
  const agents = AGENTS.map(agent => ({
    insert: `@${agent.name}`,
    label: `@${agent.name}`,
    detail: agent.says()
  }));
  const tables = sources.flatMap(source =>
    source.tables.map(table => ({
      insert: table.name,
      label: `@${table.name}`,
      detail: table.meaning ?? t('table of %1', source.id)
    }))
  );
  const variables = conversation.variables.map(variable => ({
    insert: variable.name,
    label: `@${variable.name}`,
    detail: `${variable.type} ${variable.shape.join(' × ')}`
  }));
  const cells = (conversation.panel?.model?.sharedModel.cells ?? []).map((cell, i) => ({
    insert: t('cell %1', i + 1),
    attach: { kind: 'cell' as const, name: cell.id },
    label: `@cell-${i + 1}`,
    detail: firstWords(cell.source, 40)
  }));
  const found = files.map(path => ({
    insert: path,
    attach: { kind: 'file' as const, name: path },
    label: `@${path}`,
    detail: t('file')
  }));
  return [...agents, ...tables, ...variables, ...cells, ...found]
    .filter(choice => choice.label.toLowerCase().startsWith(word))
    .slice(0, 8);
}
