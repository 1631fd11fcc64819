/** How is a chart cell changed without writing code? By a form over its spec; the cell keeps code. */

import { ICodeCellModel } from '@jupyterlab/cells';
import { NotebookActions } from '@jupyterlab/notebook';
import * as React from 'react';

import * as api from './api';
import {
  Channel, fieldsOf, fieldType, filterValues, IChartSpec, IEncoding, IField, IFilter,
  withEncoding, withField
} from './chart_spec';
import { Conversation } from './conversation';
import { saveFigure } from './figure_file';
import { indexOf } from './notebook';
import { sha256 } from './sha256';
import { liveVariables } from './variables';
import { t } from './words';

const LATER_MS = 250;
const OPERATORS = '= != < <= > >= between in not_in contains starts_with is_null is_not_null'.split(' ');

const marks = (): [string, string][] => [
  ['bar', t('Bars')], ['line', t('Line')], ['area', t('Area')], ['point', t('Points')],
  ['pie', t('Pie')], ['histogram', t('Histogram')], ['box', t('Box plot')],
  ['heatmap', t('Heatmap')], ['table', t('Table')], ['number', t('One number')]
];
const channels = (): [Channel, string][] => [
  ['x', t('x')], ['y', t('y')], ['color', t('Colour')], ['size', t('Size')], ['facet', t('Small charts')]
];
const types = (): [string, string][] => [
  ['quantitative', t('number')], ['nominal', t('category')], ['ordinal', t('ordered category')],
  ['temporal', t('time')]
];
const aggregates = (): [string, string][] => [
  ['', t('each row')], ['sum', t('sum')], ['avg', t('average')], ['median', t('median')],
  ['min', t('smallest')], ['max', t('largest')], ['count', t('count')],
  ['count_distinct', t('count of different ones')]
];

interface IProps {
  conversation: Conversation;
  cell: string;
}

interface IWritten {
  source: string;
  sha256: string;
  spec?: IChartSpec | null;
}

/** Show the form of one chart cell, closed at first. */
export function ChartForm({ conversation, cell }: IProps): JSX.Element | null {
  const panel = conversation.panel!;
  const notebook = panel.model!.sharedModel;
  const shared = notebook.cells[indexOf(notebook, cell)];
  const [open, setOpen] = React.useState(false);
  const [fields, setFields] = React.useState<IField[]>([]);
  const [byHand, setByHand] = React.useState(false);
  const [fault, setFault] = React.useState('');
  const [draft, setDraft] = React.useState<IChartSpec | null>(null);
  const [draws, setDraws] = React.useState(true);
  const timer = React.useRef<number | undefined>();
  const turn = React.useRef(0);
  const clew = shared?.getMetadata('clew') as any;
  const spec: IChartSpec | undefined = draft ?? clew?.spec;
  const source = shared?.source ?? '';

  React.useEffect(() => {
    if (!open || !spec) {
      return;
    }
    let gone = false;
    void columnsOf(conversation, spec, clew).then(found => !gone && setFields(found));
    return () => {
      gone = true;
    };
  }, [open, cell]);
  // Code that was written by hand is read back into the form where it says what a spec can say.
  React.useEffect(() => {
    if (!open || draft || !clew?.spec) {
      return;
    }
    let gone = false;
    const look = window.setTimeout(async () => {
      try {
        const made = await api.call<IWritten>('charts', 'POST', { spec: clew.spec, code: source });
        if (gone) {
          return;
        }
        const same = made.sha256 === sha256(source);
        setByHand(!same && !made.spec);
        if (!same && made.spec) {
          shared.setMetadata('clew', { ...clew, spec: made.spec } as any);
        }
      } catch (error) {
        if (!gone) {
          setFault(words(error));
        }
      }
    }, LATER_MS);
    return () => {
      gone = true;
      window.clearTimeout(look);
    };
  }, [open, source, draft]);
  React.useEffect(() => () => window.clearTimeout(timer.current), []);
  if (!shared || !spec) {
    return null;
  }
  const write = async (next: IChartSpec, mine: number) => {
    try {
      const made = await api.call<IWritten>('charts', 'POST', { spec: next });
      if (mine !== turn.current || shared.isDisposed) {
        return; // changed again meanwhile
      }
      notebook.transact(() => {
        shared.setSource(made.source);
        shared.setMetadata('clew', { ...clew, spec: next } as any);
      });
      setDraft(null);
      setByHand(false);
      setFault('');
      if (draws) {
        setFault(await drawAgain(conversation, cell, next.data));
      }
    } catch (error) {
      if (mine === turn.current) {
        setFault(words(error));
      }
    }
  };
  const change = (next: IChartSpec) => {
    setDraft(next);
    window.clearTimeout(timer.current);
    const mine = ++turn.current;
    timer.current = window.setTimeout(() => void write(next, mine), LATER_MS);
  };
  const save = (form: 'png' | 'svg') => {
    const widget = panel.content.widgets.find(other => other.model.id === cell);
    const name = (spec.layout?.title || 'chart').replace(/[^\w -]+/g, '').slice(0, 60) || 'chart';
    saveFigure(widget!.node, form, name).then(() => setFault(''), error => setFault(words(error)));
  };
  const known = merge(fields, fieldsOf(spec));
  return (
    <section className="clew-ChartForm" aria-label={t('Chart')}>
      <div className="clew-Buttons">
        <button className="clew-Button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('Close the chart form') : t('Change the chart')}
        </button>
        <button className="clew-Button clew-mod-quiet" title={t('Save the picture')} onClick={() => save('png')}>
          PNG
        </button>
        <button className="clew-Button clew-mod-quiet" title={t('Save the picture')} onClick={() => save('svg')}>
          SVG
        </button>
      </div>
      {fault && (
        <p className="clew-Note clew-mod-warn" role="alert">
          {fault}
        </p>
      )}
      {open && byHand && (
        <div className="clew-Note clew-mod-warn">
          {t('The code was changed by hand, beyond what the form can say.')}{' '}
          <button className="clew-Button" disabled={conversation.readOnly} onClick={() => change(spec)}>
            {t('Write the code of the form')}
          </button>
        </div>
      )}
      {open && !byHand && (
        <fieldset disabled={conversation.readOnly}>
          <Choice label={t('Mark')} value={spec.mark} options={marks()} set={mark => change({ ...spec, mark })} />
          {channels().map(([channel, label]) => (
            <ChannelRow key={channel} {...{ channel, label, spec, fields: known, change }} />
          ))}
          <Filters spec={spec} fields={known} change={change} />
          <LayoutRow spec={spec} change={change} />
          <label className="clew-Choice">
            <input type="checkbox" checked={draws} onChange={event => setDraws(event.target.checked)} />
            {t('Draw again at each change')}
          </label>
        </fieldset>
      )}
    </section>
  );
}

interface IRowProps {
  spec: IChartSpec;
  fields: IField[];
  change: (next: IChartSpec) => void;
}

function ChannelRow(props: IRowProps & { channel: Channel; label: string }): JSX.Element {
  const { channel, label, spec, fields, change } = props;
  const encoding = spec[channel] as IEncoding | null | undefined;
  const names: [string, string][] = [['', t('none')], ...fields.map(f => [f.name, f.name] as [string, string])];
  const sorted = encoding?.sort
    ? `${encoding.sort.by ? 'y' : 'own'} ${encoding.sort.direction ?? 'ascending'}`
    : '';
  const sorts: [string, string][] = [
    ['', t('as in the data')], ['own ascending', t('upwards')], ['own descending', t('downwards')],
    ['y ascending', t('by y, upwards')], ['y descending', t('by y, downwards')]
  ];
  return (
    <div className="clew-ChannelRow" role="group" aria-label={label}>
      <Choice
        label={label}
        value={encoding?.field ?? ''}
        options={names}
        set={name => change(withField(spec, channel, fields.find(f => f.name === name) ?? null))}
      />
      {encoding && (
        <Choice
          hidden
          label={t('Type of %1', label)}
          value={encoding.type}
          options={types()}
          set={type => change(withEncoding(spec, channel, { type: type as IEncoding['type'] }))}
        />
      )}
      {encoding && (channel === 'y' || channel === 'size') && (
        <Choice
          hidden
          label={t('Rows of %1 together', label)}
          value={encoding.aggregate ?? ''}
          options={aggregates()}
          set={how => change(withEncoding(spec, channel, { aggregate: how || null }))}
        />
      )}
      {encoding && channel === 'x' && (encoding.type === 'nominal' || encoding.type === 'ordinal') && (
        <Choice
          hidden
          label={t('Order of %1', label)}
          value={sorted}
          options={sorts}
          set={order => {
            const [by, direction] = order.split(' ');
            const sort = order
              ? { by: by === 'y' ? (spec.y?.field ?? null) : null, direction: direction as 'ascending' }
              : null;
            change(withEncoding(spec, channel, { sort }));
          }}
        />
      )}
    </div>
  );
}

function Filters({ spec, fields, change }: IRowProps): JSX.Element {
  const filters = spec.filters ?? [];
  const set = (at: number, next: IFilter | null) =>
    change({ ...spec, filters: filters.flatMap((old, i) => (i !== at ? [old] : next ? [next] : [])) });
  const typeOf = (name: string) => fields.find(field => field.name === name)?.type ?? 'nominal';
  return (
    <div className="clew-Filters" role="group" aria-label={t('Filters')}>
      {filters.map((filter, i) => (
        <div className="clew-ChannelRow" key={i}>
          <Choice
            label={t('Only where')}
            value={filter.field}
            options={fields.map(f => [f.name, f.name])}
            set={field => set(i, { ...filter, field })}
          />
          <Choice
            hidden
            label={t('Comparison %1', i + 1)}
            value={filter.operator}
            options={OPERATORS.map(name => [name, name.replace(/_/g, ' ')])}
            set={operator => set(i, { ...filter, operator })}
          />
          {!filter.operator.startsWith('is_') && (
            <input
              className="clew-Filter"
              aria-label={t('Value %1', i + 1)}
              value={(filter.values ?? []).join(', ')}
              onChange={event =>
                set(i, { ...filter, values: filterValues(event.target.value, filter.operator, typeOf(filter.field)) })
              }
            />
          )}
          <button
            className="clew-Button clew-mod-quiet"
            aria-label={t('Leave out filter %1', i + 1)}
            onClick={() => set(i, null)}
          >
            ✕
          </button>
        </div>
      ))}
      <button
        className="clew-Button clew-mod-quiet"
        disabled={fields.length === 0}
        onClick={() =>
          change({ ...spec, filters: [...filters, { field: fields[0].name, operator: 'is_not_null', values: [] }] })
        }
      >
        {t('Add a filter')}
      </button>
    </div>
  );
}

function LayoutRow({ spec, change }: Omit<IRowProps, 'fields'>): JSX.Element {
  const layout = spec.layout ?? {};
  const put = (more: { [key: string]: any }) => change({ ...spec, layout: { ...layout, ...more } });
  const stackings: [string, string][] = [
    ['none', t('side by side')], ['stack', t('stacked')], ['normalize', t('as shares')]
  ];
  return (
    <div className="clew-ChannelRow">
      <label className="clew-FormField">
        <span>{t('Title')}</span>
        <input className="clew-Filter" value={layout.title ?? ''} onChange={e => put({ title: e.target.value })} />
      </label>
      {(spec.mark === 'bar' || spec.mark === 'area') && (
        <Choice hidden label={t('Parts')} value={layout.stacking ?? 'none'} options={stackings} set={stacking => put({ stacking })} />
      )}
      {spec.mark === 'bar' && (
        <label className="clew-Choice">
          <input type="checkbox" checked={layout.horizontal ?? false} onChange={e => put({ horizontal: e.target.checked })} />
          {t('lying')}
        </label>
      )}
    </div>
  );
}

interface IChoiceProps {
  label: string;
  value: string;
  options: [string, string][];
  set: (value: string) => void;
  /** The label is for those who hear it; what stands before it tells those who see. */
  hidden?: boolean;
}

function Choice({ label, value, options, set, hidden }: IChoiceProps): JSX.Element {
  const select = (
    <select aria-label={label} title={hidden ? label : undefined} value={value} onChange={event => set(event.target.value)}>
      {options.some(([key]) => key === value) ? null : <option value={value}>{value}</option>}
      {options.map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
    </select>
  );
  return hidden ? (
    select
  ) : (
    <label className="clew-FormField">
      <span>{label}</span>
      {select}
    </label>
  );
}

/** Find the columns of the chart's data: of the live variable, else of the answer it came from. */
async function columnsOf(conversation: Conversation, spec: IChartSpec, clew: any): Promise<IField[]> {
  const live = (await liveVariables(conversation.panel!)).find(v => v.name === spec.data);
  const schema = Object.entries(live?.schema ?? {});
  if (schema.length) {
    return schema.map(([name, dtype]) => ({ name, type: fieldType(dtype) }));
  }
  const run = clew?.provenance?.run;
  try {
    const path = `results/${encodeURIComponent(run)}?limit=0`;
    const { columns } = await api.call<{ columns: { name: string; type: string }[] }>(path);
    return columns.map(column => ({ name: column.name, type: fieldType(column.type) }));
  } catch {
    return []; // an old answer: the spec's own columns are left
  }
}

function merge(one: IField[], other: IField[]): IField[] {
  return [...one, ...other.filter(field => !one.some(known => known.name === field.name))];
}

/** Run the chart's cell, where what it draws is there; else say what is missing. */
async function drawAgain(conversation: Conversation, cell: string, data: string): Promise<string> {
  const panel = conversation.panel!;
  const widget = panel.content.widgets.find(other => other.model.id === cell);
  const ran = widget && (widget.model as ICodeCellModel).executionCount !== null;
  if (!widget || panel.sessionContext.session?.kernel?.status !== 'idle') {
    return '';
  }
  if (!ran && !(await liveVariables(panel)).some(variable => variable.name === data)) {
    return t('Run the cell that makes "%1": then the chart is drawn.', data);
  }
  await NotebookActions.runCells(panel.content, [widget], panel.sessionContext);
  return '';
}

function words(error: unknown): string {
  return error instanceof api.ServerRefusal ? `${error.message} ${error.hint}`.trim() : String(error);
}
