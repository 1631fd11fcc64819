/** What data are there? Tables and columns of the sources, with samples. */

import * as React from 'react';

import * as api from './api';
import { Conversation } from './conversation';
import { IColumn, ISource, ITable } from './events';
import { t, tn } from './words';

interface IProps {
  sources: ISource[] | null;
  conversation: Conversation;
  /** What stands below the tables. */
  children?: React.ReactNode;
}

export function SourcesView({ sources, conversation, children }: IProps): JSX.Element {
  const [filter, setFilter] = React.useState('');
  const wanted = filter.trim().toLowerCase();
  const fits = (table: ITable) =>
    !wanted ||
    [table.name, table.meaning ?? '', ...table.columns.map(column => column.name)].some(text =>
      text.toLowerCase().includes(wanted)
    );
  return (
    <div className="clew-Sources">
      <input
        className="clew-Filter"
        type="search"
        placeholder={t('Find a table or column')}
        aria-label={t('Find a table or column')}
        value={filter}
        onChange={event => setFilter(event.target.value)}
      />
      {sources === null && <p className="clew-Quiet">{t('The data are being opened…')}</p>}
      {sources?.length === 0 && (
        <p className="clew-Quiet">{t('No data are named yet. Start with: clew lab SOURCE')}</p>
      )}
      {sources?.map(source => (
        <section key={source.id} aria-label={source.id}>
          <h3>
            {source.id} <span className="clew-Quiet">{source.dialect}</span>
          </h3>
          {source.warnings.map((warning, i) => (
            <p key={i} className="clew-Note clew-mod-warn">
              {warning}
            </p>
          ))}
          {source.tables.filter(fits).map(table => (
            <Table
              key={table.name}
              source={source.id}
              table={table}
              open={!!wanted}
              conversation={conversation}
            />
          ))}
        </section>
      ))}
      {children}
    </div>
  );
}

interface ITableProps {
  source: string;
  table: ITable;
  open: boolean;
  conversation: Conversation;
}

function Table({ source, table, open, conversation }: ITableProps): JSX.Element {
  const [columns, setColumns] = React.useState<IColumn[]>(table.columns);
  const look = async (event: React.SyntheticEvent<HTMLDetailsElement>) => {
    if (!event.currentTarget.open || columns.some(column => column.samples)) {
      return;
    }
    try {
      const path = `sources/${encodeURIComponent(source)}/tables/${encodeURIComponent(table.name)}`;
      const full = await api.call<ITable>(path);
      setColumns(full.columns ?? table.columns);
    } catch {
      // The names are there; samples are not.
    }
  };
  return (
    <details
      className="clew-Table"
      open={open || undefined}
      onToggle={event => void look(event)}
      draggable
      onDragStart={event => event.dataTransfer.setData('application/x-clew-table', table.name)}
    >
      <summary>
        <b>{table.name}</b>{' '}
        <span className="clew-Quiet">
          {rowCount(table)}
        </span>
      </summary>
      {table.meaning && <p className="clew-Quiet">{table.meaning}</p>}
      <div className="clew-Buttons">
        <button
          className="clew-Button"
          onClick={() => conversation.attach({ kind: 'table', name: table.name })}
        >
          {t('Add to the question')}
        </button>
      </div>
      <dl>
        {columns.map(column => (
          <React.Fragment key={column.name}>
            <dt>
              {column.name}
              <span className="clew-Quiet"> {[column.type, column.unit, column.key === 'primary' ? t('key') : '']
                  .filter(Boolean)
                  .join(', ')}</span>
            </dt>
            <dd>
              {column.meaning && <div>{column.meaning}</div>}
              {column.key && column.key !== 'primary' && (
                <div className="clew-Quiet">→ {`${column.key.table}.${column.key.column}`}</div>
              )}
              {column.samples && column.samples.length > 0 && (
                <div className="clew-Quiet">{column.samples.slice(0, 5).join(' · ')}</div>
              )}
            </dd>
          </React.Fragment>
        ))}
      </dl>
    </details>
  );
}

function rowCount(table: ITable): string {
  return table.rows === null
    ? ''
    : tn('%1 row', '%1 rows', table.rows).replace(/^\d+/, n => Number(n).toLocaleString());
}
