/** What completes in a SQL cell? The tables and columns of its source, as the user may see them. */

import { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';
import { NotebookPanel } from '@jupyterlab/notebook';

import { ISource } from './events';
import { loadSources } from './server_sources';
import { parseSql } from './sql_line';
import { t } from './words';

const WORDS = (
  'SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT JOIN LEFT INNER ON AS AND OR NOT IN IS NULL ' +
  'BETWEEN LIKE CASE WHEN THEN ELSE END DISTINCT UNION ALL WITH COUNT SUM AVG MIN MAX'
).split(' ');
const BEHIND_TABLE = /\b(?:from|join)\s+[\w."]*$/i;

export class SqlCompletions implements ICompletionProvider {
  readonly identifier = 'clew:sql';
  // Before the kernel's, which reads the cell as Python.
  readonly rank = 1100;

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return (
      context.widget instanceof NotebookPanel &&
      parseSql(context.editor?.model.sharedModel.getSource() ?? '') !== null
    );
  }

  async fetch(
    request: CompletionHandler.IRequest,
    context: ICompletionContext
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    // The text of the request may be one line; the cell's first line names the source.
    const whole = context.editor?.model.sharedModel.getSource() ?? request.text;
    const before = request.text.slice(0, request.offset);
    const word = /[\w]*$/.exec(before)![0];
    const found = { start: request.offset - word.length, end: request.offset, items: [] as CompletionHandler.ICompletionItem[] };
    const cell = parseSql(whole);
    if (!cell) {
      return found;
    }
    const sources = await loadSources();
    const option = /--source[\s=]+$/.test(before.slice(0, found.start)) && before.startsWith('%%sql');
    const items = option
      ? sources.map(source => ({ label: source.id, type: 'source' }))
      : before.includes('\n') || !before.startsWith('%%sql')
        ? itemsAt(before.slice(0, found.start), cell.sql, pick(sources, cell.source))
        : [];
    const wanted = word.toLowerCase();
    found.items = items.filter(item => item.label.toLowerCase().startsWith(wanted));
    return found;
  }
}

function pick(sources: ISource[], name: string | null): ISource[] {
  const named = sources.filter(source => source.id === name);
  // The kernel completes its own variables.
  return named.length || name === 'kernel' ? named : sources;
}

/** List what may stand at a place: tables behind FROM, columns of one behind its name and a dot. */
export function itemsAt(
  before: string,
  sql: string,
  sources: ISource[]
): CompletionHandler.ICompletionItem[] {
  const tables = sources.flatMap(source => source.tables);
  const tableItems = tables.map(table => ({
    label: table.name,
    type: t('table'),
    documentation: table.meaning ?? undefined
  }));
  const owner = /([\w]+)"?\.$/.exec(before)?.[1]?.toLowerCase();
  const named = aliases(sql, tables.map(table => table.name));
  const columnsOf = (name: string) =>
    (tables.find(table => table.name.toLowerCase() === name)?.columns ?? []).map(column => ({
      label: column.name,
      insertText: quoted(column.name),
      type: column.type,
      documentation: [column.meaning, column.unit].filter(Boolean).join(' · ') || undefined
    }));
  if (owner) {
    return columnsOf(named.get(owner) ?? owner);
  }
  if (BEHIND_TABLE.test(before)) {
    return tableItems;
  }
  const used = new Set(named.values());
  const columns = tables
    .map(table => table.name.toLowerCase())
    .filter(name => used.size === 0 || used.has(name))
    .flatMap(columnsOf);
  const seen = new Set<string>();
  const own = columns.filter(item => !seen.has(item.label) && seen.add(item.label));
  return [...own, ...tableItems, ...WORDS.map(label => ({ label, type: t('word') }))];
}

/** Find under which names the statement knows which tables. */
function aliases(sql: string, tables: string[]): Map<string, string> {
  const known = new Set(tables.map(name => name.toLowerCase()));
  const found = new Map<string, string>();
  for (const [, name, alias] of sql.matchAll(/\b(?:from|join)\s+"?([\w]+)"?(?:\s+(?:as\s+)?([a-z_]\w*))?/gi)) {
    const table = name.toLowerCase();
    if (known.has(table)) {
      found.set(table, table);
      if (alias && !/^(on|where|join|left|right|inner|group|order|limit|using|cross)$/i.test(alias)) {
        found.set(alias.toLowerCase(), table);
      }
    }
  }
  return found;
}

function quoted(name: string): string {
  return /^[a-z_]\w*$/i.test(name) ? name : `"${name.replace(/"/g, '""')}"`;
}
