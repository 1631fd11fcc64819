/** Where does a number of the answer come from? A hover shows it, a click goes there. */

import * as React from 'react';
import { createPortal } from 'react-dom';

import { IAnswer, IReceipt } from './events';
import { t } from './words';

/** Write an expression as an analyst would. */
export function formula(expression: any): string {
  const args = (expression?.args ?? []).map(formula);
  switch (expression?.op) {
    case 'value':
      return t('value');
    case 'count':
      return t('number of rows');
    case 'sum':
      return args.length ? args.join(' + ') : t('sum of the column');
    case 'difference':
      return args.join(' − ');
    case 'ratio':
      return args.join(' ÷ ');
    case 'percent':
      return t('100 × %1', args.join(' ÷ '));
    case 'round':
      return t('%1, rounded', args.join(''));
    default:
      return '';
  }
}

/** Find the SQL that a receipt's cell holds. */
export function sqlOf(receipt: IReceipt, answer: IAnswer, texts: Map<string, string>): string {
  const cell = receipt.refs[0]?.cell;
  const text = texts.get(cell) ?? answer.cells.find(c => c.id === cell)?.source ?? answer.sql ?? '';
  return text.replace(/^%%sql[^\n]*\n/, '');
}

interface IProps {
  receipt: IReceipt;
  sql: string;
  /** Why it may not be true any more. */
  stale?: string | null;
  go: () => void;
}

const MOST_SQL = 800;
const WIDTH = 420;

/** Find room for a card below a number, or above it, within the window. */
function placeBeside(number: DOMRect): React.CSSProperties {
  const left = Math.max(8, Math.min(number.left, window.innerWidth - WIDTH - 8));
  return number.bottom < window.innerHeight * 0.6
    ? { left, top: number.bottom + 2, maxWidth: WIDTH }
    : { left, bottom: window.innerHeight - number.top + 2, maxWidth: WIDTH };
}

/** A number of the text: it can be reached by the keyboard, and says where it comes from. */
export function ReceiptNumber({ receipt, sql, stale, go }: IProps): JSX.Element {
  const [open, setOpen] = React.useState(false);
  const id = React.useId();
  const number = React.useRef<HTMLButtonElement>(null);
  const place = receipt.refs
    .map(ref =>
      ref.row === null || ref.row === undefined
        ? (ref.column ?? '')
        : t('%1, row %2', ref.column ?? '', ref.row + 1)
    )
    .filter(Boolean)
    .join(' · ');
  return (
    <span
      className="clew-Receipt"
      onMouseEnter={() => setOpen(true)}
      onMouseLeave={() => setOpen(false)}
    >
      <button
        ref={number}
        className={`clew-Receipt-number${stale ? ' clew-mod-stale' : ''}`}
        aria-describedby={open ? id : undefined}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={event => {
          if (event.key === 'Escape' && open) {
            event.stopPropagation();
            setOpen(false);
          }
        }}
        onClick={go}
      >
        {receipt.text}
        {stale && <span className="clew-Receipt-mark" role="img" aria-label={t('out of date')}>⚠</span>}
      </button>
      {open &&
        createPortal(
          <div
            className="clew-Receipt-card"
            role="tooltip"
            id={id}
            style={placeBeside(number.current!.getBoundingClientRect())}
          >
            <span className="clew-Receipt-value">
              {String(receipt.value)}
              {receipt.unit ? ` ${receipt.unit}` : ''}
            </span>
            <span className="clew-Receipt-place">
              {[formula(receipt.expression), place].filter(Boolean).join(' · ')}
            </span>
            {stale && <span className="clew-Receipt-stale">{t('Out of date: %1', stale)}</span>}
            {sql && (
              <code className="clew-Receipt-sql">
                {sql.length > MOST_SQL ? sql.slice(0, MOST_SQL) + '…' : sql}
              </code>
            )}
            <span className="clew-Receipt-place">{t('Click: go to its cell')}</span>
          </div>,
          document.body
        )}
    </span>
  );
}
