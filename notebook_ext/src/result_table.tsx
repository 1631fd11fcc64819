/** How is a result shown? In pages, sorted by a click, copied as it is read by a spreadsheet. */

import * as React from 'react';

import * as api from './api';
import { readRows } from './arrow_rows';
import { IAnswer, IPart } from './events';
import { ExportButtons } from './export_buttons';
import { Copy } from './proposal_card';
import { t, tn } from './words';

const PAGE = 10;

interface IProps {
  answer: Pick<IAnswer | IPart, 'columns' | 'rows' | 'row_count' | 'truncated'>;
  run: string | null;
  /** Of a plan of several; null for the answer's own table. */
  step: string | null;
  /** Of a file that it is saved as. */
  name?: string;
}

export function ResultTable({ answer, run, step, name = 'result' }: IProps): JSX.Element {
  const [page, setPage] = React.useState(0);
  const [sort, setSort] = React.useState<{ column: number; down: boolean } | null>(null);
  const [far, setFar] = React.useState<{ key: string; rows: any[][] } | null>(null);
  const [fault, setFault] = React.useState('');
  const { columns, row_count: count } = answer;
  const here = answer.rows ?? [];
  const whole = here.length >= count;
  const pages = Math.max(1, Math.ceil(count / PAGE));
  const key = `${page} ${sort?.column} ${sort?.down}`;
  // What the answer does not bring is asked from the server, a page at a time.
  const needsServer = !whole && (sort !== null || (page + 1) * PAGE > here.length);
  React.useEffect(() => {
    if (!needsServer || run === null) {
      return;
    }
    let gone = false;
    const order = sort ? `&sort=${sort.down ? '-' : ''}${encodeURIComponent(columns[sort.column].name)}` : '';
    const where = `${encodeURIComponent(run)}${step ? `/${encodeURIComponent(step)}` : ''}`;
    readRows(`results/${where}?offset=${page * PAGE}&limit=${PAGE}${order}`)
      .then(body => !gone && (setFar({ key, rows: body.rows }), setFault('')))
      .catch(error => !gone && setFault(error instanceof api.ServerRefusal ? error.message : ''));
    return () => {
      gone = true;
    };
  }, [key, needsServer, run]);
  let rows: any[][];
  if (needsServer) {
    rows = far?.key === key ? far.rows : [];
  } else {
    const sorted = sort ? [...here].sort((a, b) => compare(a[sort.column], b[sort.column])) : here;
    rows = (sort?.down ? [...sorted].reverse() : sorted).slice(page * PAGE, (page + 1) * PAGE);
  }
  const turnOver = (column: number) => {
    setPage(0);
    setSort(
      sort?.column !== column
        ? { column, down: false }
        : sort.down
          ? null
          : { column, down: true }
    );
  };
  const numeric = columns.map(column => /^(u?int|float|double|decimal)/.test(column.type));
  const text = [columns.map(column => column.name), ...here.map(row => row.map(safe))]
    .map(row => row.join('\t'))
    .join('\n');
  return (
    <div className="clew-Result">
      <div className="clew-Result-scroll" tabIndex={0} role="region" aria-label={t('Result')}>
        <table>
          <thead>
            <tr>
              {columns.map((column, i) => (
                <th
                  key={i}
                  scope="col"
                  className={numeric[i] ? 'clew-mod-number' : undefined}
                  aria-sort={
                    sort?.column === i ? (sort.down ? 'descending' : 'ascending') : undefined
                  }
                >
                  <button title={column.type} onClick={() => turnOver(i)}>
                    {column.name}
                    {sort?.column === i ? (sort.down ? ' ↓' : ' ↑') : ''}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                {row.map((value, j) => (
                  <td key={j} className={numeric[j] ? 'clew-mod-number' : undefined}>
                    {value === null ? <i>{t('empty')}</i> : String(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {fault && <p className="clew-Note clew-mod-warn">{fault}</p>}
      <div className="clew-Buttons clew-Result-foot">
        <span>
          {tn('%1 row', '%1 rows', count)}
          {answer.truncated ? ' ' + t('(cut)') : ''}
        </span>
        {pages > 1 && (
          <>
            <button
              className="clew-Button clew-mod-quiet"
              aria-label={t('Previous page')}
              disabled={page === 0}
              onClick={() => setPage(page - 1)}
            >
              ‹
            </button>
            <span>
              {page + 1} / {pages}
            </span>
            <button
              className="clew-Button clew-mod-quiet"
              aria-label={t('Next page')}
              disabled={page + 1 >= pages}
              onClick={() => setPage(page + 1)}
            >
              ›
            </button>
          </>
        )}
        <Copy text={text} />
        {run !== null && <ExportButtons run={run} step={step} name={name} say={setFault} />}
      </div>
    </div>
  );
}

function compare(a: any, b: any): number {
  if (a === null || b === null) {
    return a === b ? 0 : a === null ? 1 : -1;
  }
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) {
    return x - y;
  }
  return String(a).localeCompare(String(b));
}

/** Quote what a spreadsheet would run. */
function safe(value: any): string {
  const text = value === null ? '' : String(value).replace(/[\t\r\n]/g, ' ');
  return typeof value === 'string' && /^[=+\-@]/.test(text) && Number.isNaN(Number(text))
    ? `'${text}`
    : text;
}
