/** What would a proposed query change about the data? Both are read, nothing is written. */

import * as React from 'react';

import * as api from './api';
import { IProposal } from './events';
import { loadSources } from './server_sources';
import { parseSql } from './sql_line';
import { IQueryRows, queryRows } from './sql_tools';
import { t, tn } from './words';

const SHOWN = 5;

interface ISides {
  before: IQueryRows | null;
  after: IQueryRows | null;
}

/** Say whether the data of a proposal can be shown before it is accepted: of queries only. */
export function canPreview(proposal: IProposal): boolean {
  return parseSql(proposal.new) !== null || parseSql(proposal.old) !== null;
}

export function Preview({ proposal, text }: { proposal: IProposal; text: string }): JSX.Element {
  const [sides, setSides] = React.useState<ISides | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [fault, setFault] = React.useState('');
  React.useEffect(() => setSides(null), [text]); // another text has other rows
  const look = async () => {
    setBusy(true);
    try {
      const [before, after] = [await read(proposal.old), await read(proposal.op === 'delete' ? '' : text)];
      setSides({ before, after });
      setFault('');
    } catch (error) {
      setFault(error instanceof api.ServerRefusal ? `${error.message} ${error.hint}` : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="clew-Preview">
      {fault && (
        <p className="clew-Note clew-mod-warn" role="alert">
          {fault}
        </p>
      )}
      {sides ? (
        <>
          <p className="clew-Quiet" role="status">
            {verdict(sides)}
          </p>
          {sides.before && <Few label={t('Data before')} found={sides.before} />}
          {sides.after && <Few label={t('Data after')} found={sides.after} />}
          <button className="clew-Button clew-mod-quiet" onClick={() => setSides(null)}>
            {t('Hide the data')}
          </button>
        </>
      ) : (
        <button className="clew-Button clew-mod-quiet" disabled={busy} onClick={() => void look()}>
          {busy ? t('Reading…') : t('Preview the data')}
        </button>
      )}
    </div>
  );
}

async function read(text: string): Promise<IQueryRows | null> {
  const cell = parseSql(text);
  if (!cell) {
    return null;
  }
  const known = cell.source ? [] : await loadSources();
  return queryRows(cell.source ?? (known.length === 1 ? known[0].id : ''), cell.sql);
}

/** Put what differs into one line. */
function verdict({ before, after }: ISides): string {
  if (!before || !after) {
    return after ? t('What the cell would show:') : t('What would go:');
  }
  const names = (found: IQueryRows) => found.columns.map(column => column.name);
  const gone = names(before).filter(name => !names(after).includes(name));
  const fresh = names(after).filter(name => !names(before).includes(name));
  const more = after.row_count - before.row_count;
  const same = more === 0 && JSON.stringify(before.rows) === JSON.stringify(after.rows);
  const said = [
    more > 0 ? tn('%1 row more', '%1 rows more', more) : '',
    more < 0 ? tn('%1 row less', '%1 rows less', -more) : '',
    more === 0 ? (same ? t('same rows, as far as they were read') : t('as many rows, other values')) : '',
    fresh.length ? t('new columns: %1', fresh.join(', ')) : '',
    gone.length ? t('columns gone: %1', gone.join(', ')) : ''
  ];
  return said.filter(Boolean).join(' · ');
}

function Few({ label, found }: { label: string; found: IQueryRows }): JSX.Element {
  return (
    <div className="clew-Result" role="region" aria-label={label}>
      <b>{label}</b>{' '}
      <span className="clew-Quiet">
        {tn('%1 row', '%1 rows', found.row_count)}
        {found.truncated ? ` ${t('(cut)')}` : ''}
      </span>
      <div className="clew-Result-scroll" tabIndex={0} role="group" aria-label={label}>
        <table>
          <thead>
            <tr>
              {found.columns.map((column, i) => (
                <th key={i} scope="col">
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.rows.slice(0, SHOWN).map((row, i) => (
              <tr key={i}>
                {row.map((value, j) => (
                  <td key={j}>{value === null ? <i>{t('empty')}</i> : String(value)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
