/** What can be changed about a chart? The chart spec of DESIGN.md as types, and steps of editing. */

export type FieldType = 'quantitative' | 'nominal' | 'ordinal' | 'temporal';
export type Channel = 'x' | 'y' | 'color' | 'size' | 'facet';

export interface IEncoding {
  field: string;
  type: FieldType;
  aggregate?: string | null;
  bin?: number | null;
  sort?: { by?: string | null; direction?: 'ascending' | 'descending' } | null;
  unit?: string | null;
  title?: string | null;
  zero?: boolean | null;
}

export interface IFilter {
  field: string;
  operator: string;
  values?: (string | number | boolean | null)[];
}

export interface IChartSpec {
  data: string;
  mark: string;
  version?: 1;
  x?: IEncoding | null;
  y?: IEncoding | null;
  color?: IEncoding | null;
  size?: IEncoding | null;
  facet?: IEncoding | null;
  filters?: IFilter[];
  layout?: { title?: string; stacking?: string; horizontal?: boolean; legend?: boolean } & {
    [key: string]: any;
  };
  [key: string]: any;
}

export interface IField {
  name: string;
  type: FieldType;
}

/** Say which scale fits a column, by the name of its type in pandas, Arrow or polars. */
export function fieldType(dtype: string): FieldType {
  if (/^(u?int|float|double|decimal|int64|Int)/i.test(dtype)) {
    return 'quantitative';
  }
  return /date|time/i.test(dtype) ? 'temporal' : 'nominal';
}

/** List the columns that a spec names, where nothing else says which there are. */
export function fieldsOf(spec: IChartSpec): IField[] {
  const found = new Map<string, FieldType>();
  for (const channel of ['x', 'y', 'color', 'size', 'facet', 'text']) {
    const encoding = spec[channel] as IEncoding | null | undefined;
    if (encoding) {
      found.set(encoding.field, encoding.type);
    }
  }
  for (const filter of spec.filters ?? []) {
    found.set(filter.field, found.get(filter.field) ?? 'nominal');
  }
  return [...found].map(([name, type]) => ({ name, type }));
}

/** Show another column on a channel; what was said of the old one is not true of it. */
export function withField(spec: IChartSpec, channel: Channel, field: IField | null): IChartSpec {
  const old = spec[channel] as IEncoding | null | undefined;
  const encoding: IEncoding | null = field && { field: field.name, type: field.type };
  if (encoding && old?.aggregate && field!.type === 'quantitative') {
    encoding.aggregate = old.aggregate;
  }
  return { ...spec, [channel]: encoding };
}

/** Change something about a channel. */
export function withEncoding(
  spec: IChartSpec,
  channel: Channel,
  change: Partial<IEncoding>
): IChartSpec {
  const old = spec[channel] as IEncoding | null | undefined;
  return old ? { ...spec, [channel]: { ...old, ...change } } : spec;
}

/** Read what was typed into a filter: numbers are numbers, several stand between commas. */
export function filterValues(text: string, operator: string, type: FieldType): IFilter['values'] {
  if (operator === 'is_null' || operator === 'is_not_null') {
    return [];
  }
  const parts = ['in', 'not_in', 'between'].includes(operator) ? text.split(',') : [text];
  return parts.map(part => {
    const word = part.trim();
    return type === 'quantitative' && word !== '' && !Number.isNaN(Number(word)) ? Number(word) : word;
  });
}
