/** What the panel asks and hears back: the request and the events of DESIGN.md, as types. */

export type CellKind = 'sql' | 'python' | 'pyspark' | 'chart' | 'markdown';
export type Mode = 'ask' | 'edits' | 'plan' | 'auto';
export type StepState = 'wait' | 'execution' | 'finish' | 'failed';
export type Status =
  | 'answered'
  | 'needs_clarification'
  | 'cannot_answer'
  | 'refused'
  | 'failed'
  | 'cancelled';

export interface ICellView {
  id: string;
  kind: CellKind;
  source: string;
  outputs_digest: string | null;
  stale: boolean;
}

export interface IVariable {
  name: string;
  type: string;
  shape: number[];
  schema: { [column: string]: string };
}

export interface IAttachment {
  kind: 'cell' | 'file' | 'table' | 'variable';
  name: string;
}

export interface IRequest {
  question: string;
  thread: string | null;
  cells: ICellView[];
  anchor: string | null;
  selection: string | null;
  attachments: IAttachment[];
  variables: IVariable[];
  mode: Mode;
  time_zone: string | null;
  locale: string;
  reply_to: string | null;
}

export interface IEvent {
  v: 1;
  thread: string;
  run: string;
  seq: number;
  at: string;
  type: string;
  data: any;
}

export interface IPlanStep {
  id: string;
  agent: string;
  task: string;
  needs: string[];
  state: StepState;
  seconds: number | null;
}

export interface IProposal {
  id: string;
  op: 'insert' | 'replace' | 'delete';
  cell_id: string;
  kind: CellKind;
  cell_type: 'code' | 'markdown';
  after_cell: string | null;
  base_sha256: string | null;
  old: string;
  new: string;
  uses: string[];
  risk: string;
  group: string;
  /** Goes into the cell as it is. */
  metadata: { [key: string]: any };
  /** Loads the magics: the group's SQL cells don't run without it. */
  setup?: boolean;
}

export interface IRef {
  cell: string;
  sql_sha256: string;
  row: number | null;
  column: string | null;
}

export interface IReceipt {
  id: string;
  text: string;
  value: number | string;
  unit: string | null;
  expression: any;
  refs: IRef[];
}

export interface IOption {
  id: string;
  label: string;
  question: string;
}

export interface IAnswerCell {
  id: string;
  kind: CellKind;
  source: string;
  agent: string | null;
  uses: string[];
  defines: string[];
}

/** What one step of several brought. */
export interface IPart {
  step: string;
  task: string;
  sql?: string | null;
  columns: { name: string; type: string }[];
  rows: any[][] | null;
  row_count: number;
  truncated: boolean;
  chart: any | null;
}

export interface IAnswer {
  status: Status;
  question: string;
  text: string;
  reason: string | null;
  plan: IPlanStep[];
  sql: string | null;
  columns: { name: string; type: string }[];
  rows: any[][] | null;
  row_count: number;
  truncated: boolean;
  as_of: string | null;
  chart: any | null;
  parts?: IPart[];
  cells: IAnswerCell[];
  receipts: IReceipt[];
  clarification: { question: string; options?: IOption[] } | null;
  proposer: string;
  confidence: number | null;
  model: string | null;
  usage: {
    calls: number;
    prompt_tokens: number;
    completion_tokens: number;
    cached_tokens: number;
  };
  seconds: { total: number; model: number; database: number };
  warnings: string[];
  thread: string | null;
  run: string | null;
}

export interface IThread {
  id: string;
  title: string;
  notebook: string | null;
  used: string;
  questions: number;
  running: string | null;
}

export interface IThreadDetail {
  id: string;
  title: string;
  notebook: string | null;
  messages: { question: string; status: Status; text: string; run: string | null; at: string }[];
  runs: { run: string; status: Status | null; last_seq: number; active: boolean; question: string }[];
}

export interface IServerStatus {
  clew: string;
  state: 'opening' | 'ready' | 'problem';
  sources: { id: string; dialect: string; warnings: string[] }[];
  model: string | null;
  problem: string | null;
  /** What the user should know, one line each; things go on. */
  warnings?: string[];
}

export interface IColumn {
  name: string;
  type: string;
  meaning: string | null;
  unit: string | null;
  key: 'primary' | { table: string; column: string } | null;
  samples?: string[];
}

export interface ITable {
  name: string;
  meaning: string | null;
  rows: number | null;
  columns: IColumn[];
}

export interface ISource {
  id: string;
  dialect: string;
  tables: ITable[];
  warnings: string[];
}

/** Which cells an answer took into account. */
export interface IContext {
  kept: { id: string; reason: string }[];
  dropped: unknown[];
  tokens: number;
  complete: boolean;
}

export interface IGraph {
  nodes: { id: string; kind: string; defines: string[]; reads: string[]; stale: string | null }[];
  edges: { from: string; to: string; things: string[]; role: string }[];
  problems: { kind: string; cells: string[]; name: string; text: string }[];
  context: {
    kept: { id: string; reason: string }[];
    dropped: { id: string; reason: string }[];
    tokens: number;
    complete: boolean;
  } | null;
}
