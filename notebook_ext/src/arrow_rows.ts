/** How do the rows of a result come from the server? As Arrow, read when they are first needed. */

import * as api from './api';

export interface IRows {
  columns: { name: string; type: string }[];
  rows: any[][];
  rowCount: number;
}

/** Read some rows of a result. */
export async function readRows(path: string): Promise<IRows> {
  const [arrow, { bytes, headers }] = await Promise.all([import('apache-arrow'), api.arrow(path)]);
  const table = arrow.tableFromIPC(bytes);
  const columns = table.schema.fields.map(field => ({ name: field.name, type: String(field.type) }));
  const read = table.schema.fields.map(field => reader(field.type, arrow));
  const vectors = columns.map((_, i) => table.getChildAt(i)!);
  const rows: any[][] = [];
  for (let row = 0; row < table.numRows; row++) {
    rows.push(
      vectors.map((vector, i) => {
        const value = vector.get(row);
        return value === null || value === undefined ? null : read[i](value);
      })
    );
  }
  return { columns, rows, rowCount: Number(headers.get('X-Clew-Rows') ?? rows.length) };
}

/** Write values as the JSON of an answer has them, so that a page from either looks the same. */
function reader(type: any, arrow: typeof import('apache-arrow')): (value: any) => any {
  const { DataType } = arrow;
  if (DataType.isDecimal(type)) {
    return value => decimal(BigInt(value.toString()), type.scale);
  }
  if (DataType.isTimestamp(type)) {
    return value => {
      const text = new Date(Number(value)).toISOString().replace(/\.000Z$/, '').replace(/Z$/, '');
      return type.timezone ? `${text}+00:00` : text;
    };
  }
  if (DataType.isDate(type)) {
    return value => new Date(Number(value)).toISOString().slice(0, 10);
  }
  if (DataType.isInt(type)) {
    return value => (typeof value === 'bigint' && !isSafe(value) ? value.toString() : Number(value));
  }
  if (DataType.isFloat(type)) {
    return value => (Number.isFinite(value) ? value : null);
  }
  return value => (typeof value === 'boolean' || typeof value === 'string' ? value : String(value));
}

function isSafe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
}

function decimal(digits: bigint, scale: number): string {
  const sign = digits < BigInt(0) ? '-' : '';
  const text = (digits < BigInt(0) ? -digits : digits).toString().padStart(scale + 1, '0');
  return scale > 0 ? `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}` : sign + text;
}
