/** What stands below a SQL cell? Its source, the name of its result, and the rows as a grid. */

import * as React from 'react';

import * as api from './api';
import { Conversation } from './conversation';
import { indexOf } from './notebook';
import { ResultTable } from './result_table';
import { loadSources } from './server_sources';
import { parseSql, withOption } from './sql_line';
import { seconds, t } from './words';

/** The kernel's own frames: what runs on them runs in the kernel, not on the server. */
const KERNEL = 'kernel';

export interface IQueryRows {
  query: string;
  columns: { name: string; type: string }[];
  rows: any[][];
  row_count: number;
  truncated: boolean;
  as_of: string | null;
  seconds: number;
  warnings: string[];
}

/** Run a statement for its rows; nothing is changed by it. */
export function queryRows(source: string, sql: string): Promise<IQueryRows> {
  return api.call<IQueryRows>('queries', 'POST', { source, sql });
}

export function SqlTools({ conversation, cell }: { conversation: Conversation; cell: string }): JSX.Element | null {
  const notebook = conversation.panel!.model!.sharedModel;
  const shared = notebook.cells[indexOf(notebook, cell)];
  const [sources, setSources] = React.useState<string[]>([]);
  const [found, setFound] = React.useState<{ sql: string; rows: IQueryRows } | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [fault, setFault] = React.useState('');
  const [name, setName] = React.useState<string | null>(null);
  React.useEffect(() => {
    let gone = false;
    loadSources().then(
      all => !gone && setSources(all.map(source => source.id)),
      () => undefined // the panel tells of it
    );
    return () => {
      gone = true;
    };
  }, []);
  const parsed = parseSql(shared?.source ?? '');
  if (!shared || !parsed) {
    return null;
  }
  const source = parsed.source ?? (sources.length === 1 ? sources[0] : '');
  const named = [...sources, KERNEL];
  const options = named.includes(source) ? named : [source, ...named];
  const write = (option: 'source' | 'name', value: string) =>
    shared.setSource(withOption(shared.source, option, value));
  const show = async () => {
    setBusy(true);
    try {
      setFound({ sql: parsed.sql, rows: await queryRows(source, parsed.sql) });
      setFault('');
    } catch (error) {
      setFault(error instanceof api.ServerRefusal ? `${error.message} ${error.hint}` : String(error));
    } finally {
      setBusy(false);
    }
  };
  const bind = () => {
    const wanted = (name ?? '').trim();
    setName(null);
    if (name === null || wanted === (parsed.name ?? '')) {
      return;
    }
    if (wanted && !/^[^\W\d]\w*$/.test(wanted)) {
      setFault(t('"%1" is no name that Python can bind.', wanted));
      return;
    }
    setFault('');
    write('name', wanted);
  };
  return (
    <section className="clew-SqlTools" aria-label={t('SQL cell')}>
      <div className="clew-Buttons">
        <label className="clew-FormField">
          <span>{t('Source')}</span>
          <select
            value={source}
            disabled={conversation.readOnly}
            onChange={event => write('source', event.target.value)}
          >
            {options.map(id => (
              <option key={id} value={id}>
                {id || t('choose…')}
              </option>
            ))}
          </select>
        </label>
        <label className="clew-FormField">
          <span>{t('Result as')}</span>
          <input
            className="clew-Filter"
            placeholder={t('no variable')}
            disabled={conversation.readOnly}
            value={name ?? parsed.name ?? ''}
            onChange={event => setName(event.target.value)}
            onBlur={bind}
            onKeyDown={event => event.key === 'Enter' && bind()}
          />
        </label>
        <button
          className="clew-Button"
          disabled={busy || !source || source === KERNEL}
          title={source === KERNEL ? t('Run the cell: the kernel has these rows.') : undefined}
          onClick={() => void show()}
        >
          {busy ? t('Reading…') : found ? t('Read the rows again') : t('Show the rows')}
        </button>
        {found && (
          <button className="clew-Button clew-mod-quiet" onClick={() => setFound(null)}>
            {t('Close')}
          </button>
        )}
      </div>
      {fault && (
        <p className="clew-Note clew-mod-warn" role="alert">
          {fault}
        </p>
      )}
      {found && (
        <>
          {found.sql !== parsed.sql && (
            <p className="clew-Note clew-mod-warn">{t('The statement was changed since these rows were read.')}</p>
          )}
          <ResultTable
            key={found.rows.query}
            answer={found.rows}
            run={found.rows.query}
            step={null}
            name={parsed.name ?? 'result'}
          />
          <p className="clew-Quiet">
            {t('Read in %1', seconds(found.rows.seconds))}
            {found.rows.warnings.map(line => ` · ${line}`)}
          </p>
        </>
      )}
    </section>
  );
}
