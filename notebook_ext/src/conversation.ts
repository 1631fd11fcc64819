/** What is said beside one notebook: its threads, the turns of the one that is open, and edits. */

import { ICodeCellModel } from '@jupyterlab/cells';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { Kernel } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';

import * as api from './api';
import { apply, EditRefused, IApplied, takeBack } from './edits';
import { IAttachment, IProposal, IRequest, IThread, IThreadDetail, IVariable, Mode } from './events';
import { Keeper } from './keeper';
import { cellViews, indexOf, isReadOnly } from './notebook';
import { sha256 } from './sha256';
import { IItem, Turn } from './turn';
import { liveVariables } from './variables';
import { t, tn } from './words';

const SHOWN_AT_FIRST = 8;
const KERNEL_MS = 15_000;

interface IStep {
  edits: IApplied[];
  items: IItem[];
  turn: Turn;
}

export class Conversation {
  threads: IThread[] = [];
  thread: string | null = null;
  turns: Turn[] = [];
  /** A line that the user has to see, and what she can do about it. */
  notice: { text: string; action?: { label: string; run: () => void } } | null = null;
  mode: Mode = 'ask';
  /** The cell that is asked from; undefined follows the active cell, null means the notebook. */
  pinned: string | null | undefined = undefined;
  attachments: IAttachment[] = [];
  /** May the names and types of live variables be read and sent? */
  withVariables = true;
  /** As they were when last looked at. */
  variables: IVariable[] = [];

  constructor(
    readonly panel: NotebookPanel | null,
    private _keeper: Keeper | null,
    private _dialogs: ISessionContextDialogs | null
  ) {
    if (panel) {
      this._path = panel.context.path;
      panel.context.pathChanged.connect(this._onRenamed, this);
      panel.content.activeCellChanged.connect(this._touch, this);
      panel.content.selectionChanged.connect(this._touch, this);
      panel.sessionContext.statusChanged.connect(this._touch, this);
      panel.disposed.connect(() => this.dispose());
      void panel.context.ready.then(() => this._offerRecovery());
    }
    this.loading = this._load();
  }

  /** Settles when the threads were read, or could not be. */
  readonly loading: Promise<void>;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get path(): string | null {
    return this._path;
  }

  get running(): Turn | null {
    return this.turns.find(turn => !turn.isOver) ?? null;
  }

  get readOnly(): boolean {
    return this.panel !== null && isReadOnly(this.panel);
  }

  get canTakeBack(): boolean {
    return this._steps.length > 0;
  }

  /** The cell that the next question is asked from. */
  get anchor(): string | null {
    if (!this.panel || this.pinned === null) {
      return null;
    }
    if (this.pinned !== undefined && indexOf(this.panel.model!.sharedModel, this.pinned) >= 0) {
      return this.pinned;
    }
    return this.panel.content.activeCell?.model.id ?? null;
  }

  dispose(): void {
    for (const turn of this.turns) {
      turn.leave();
    }
    Signal.clearData(this);
  }

  // --- what goes along with a question ------------------------------------------------------

  /** The text that is being written; it survives a reload. */
  get draft(): string {
    return sessionStorage.getItem(this._key('draft')) ?? '';
  }

  /** Fires when the text is set from elsewhere. */
  get drafted(): ISignal<this, void> {
    return this._drafted;
  }

  keepDraft(text: string): void {
    try {
      sessionStorage.setItem(this._key('draft'), text);
    } catch {
      // A full store keeps no draft.
    }
  }

  putDraft(text: string): void {
    this.keepDraft(text);
    this._drafted.emit();
  }

  pin(cell: string | null | undefined): void {
    this.pinned = cell;
    this._touch();
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    this._touch();
  }

  attach(attachment: IAttachment): void {
    const same = (a: IAttachment) => a.kind === attachment.kind && a.name === attachment.name;
    if (!this.attachments.some(same)) {
      this.attachments = [...this.attachments, attachment];
    }
    this._touch();
  }

  detach(attachment: IAttachment): void {
    this.attachments = this.attachments.filter(other => other !== attachment);
    this._touch();
  }

  // --- threads -------------------------------------------------------------------------------

  /** Begin a new thread; it exists when its first question is asked. */
  newThread(): void {
    this._show(null, []);
    this._remember(null);
  }

  async openThread(id: string): Promise<void> {
    const detail = await api.call<IThreadDetail>(`threads/${encodeURIComponent(id)}`);
    const runs = new Map(detail.runs.map(run => [run.run, run]));
    const turns: Turn[] = [];
    const seen = new Set<string>();
    for (const message of detail.messages) {
      const turn = new Turn(message.question);
      turn.run = message.run;
      turn.thread = id;
      turn.text = message.text;
      turn.started = Date.parse(message.at) || Date.now();
      turn.phase = 'over';
      turn.loaded = message.run === null;
      turns.push(turn);
      if (message.run) {
        seen.add(message.run);
      }
    }
    for (const run of runs.values()) {
      if (seen.has(run.run)) {
        continue;
      }
      const turn = new Turn(run.question);
      turn.run = run.run;
      turn.thread = id;
      turn.phase = run.active ? 'running' : run.status === null ? 'lost' : 'over';
      turn.loaded = run.active;
      if (turn.phase === 'lost') {
        turn.error = { reason: t('The server stopped while it was answering.'), hint: '' };
      }
      turns.push(turn);
    }
    this._show(id, turns);
    this._remember(id);
    for (const turn of turns) {
      if (!turn.isOver) {
        void turn.attach(turn.run!);
      }
    }
    for (const turn of turns.slice(-SHOWN_AT_FIRST)) {
      void this.recall(turn);
    }
  }

  /** Read the events of a turn from before this page: its plan, receipts and proposals. */
  async recall(turn: Turn): Promise<void> {
    if (turn.loaded || turn.run === null) {
      return;
    }
    turn.loaded = true;
    const phase = turn.phase;
    try {
      const signal = new AbortController().signal;
      await api.follow(
        turn.run,
        0,
        frame => frame.kind === 'event' && turn.take(frame.event),
        signal
      );
    } catch {
      // Its text is there from the thread; the rest stays unknown.
    }
    turn.phase = phase;
    turn.touch();
  }

  async renameThread(id: string, title: string): Promise<void> {
    await this._tell(`threads/${encodeURIComponent(id)}`, 'PATCH', { title });
    await this.refreshThreads();
  }

  async deleteThread(id: string): Promise<void> {
    await this._tell(`threads/${encodeURIComponent(id)}`, 'DELETE');
    if (this.thread === id) {
      this.newThread();
    }
    await this.refreshThreads();
  }

  /** Go on from an earlier answer in a thread of its own. */
  async branch(turn: Turn): Promise<void> {
    if (!this.thread || !turn.run) {
      return;
    }
    const path = `threads/${encodeURIComponent(this.thread)}/branch`;
    const made = await this._tell<{ id?: string; thread?: string }>(path, 'POST', { run: turn.run });
    const id = made?.id ?? made?.thread;
    if (id) {
      await this.refreshThreads();
      await this.openThread(id);
    }
  }

  async refreshThreads(): Promise<void> {
    try {
      const query = this._path === null ? '' : `?notebook=${encodeURIComponent(this._path)}`;
      const body = await api.call<{ threads: IThread[] }>(`threads${query}`);
      this.threads = body.threads;
      if (this._unreachable) {
        this._unreachable = false;
        this.notice = null;
      }
    } catch (error) {
      this._say(error);
    }
    this._touch();
  }

  // --- asking --------------------------------------------------------------------------------

  /** Ask; the turn stands in the panel before anything is sent. */
  async ask(question: string, about: { replyTo?: string; label?: string } = {}): Promise<void> {
    if (this.running) {
      return;
    }
    this.notice = null;
    const turn = new Turn(about.label ?? question);
    this._add(turn);
    await this.loading;
    const { panel } = this;
    const editor = panel?.content.activeCell?.editor;
    const marked = editor
      ? editor.model.sharedModel.source.slice(
          editor.getOffsetAt(editor.getSelection().start),
          editor.getOffsetAt(editor.getSelection().end)
        )
      : '';
    const variables = await this.lookAtVariables();
    if (turn.isOver) {
      return; // stopped meanwhile
    }
    const request: IRequest = {
      question,
      thread: this.thread,
      cells: panel ? cellViews(panel) : [],
      anchor: this.anchor,
      selection: marked || null,
      attachments: this.attachments,
      variables,
      mode: this.mode,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? null,
      locale: 'en',
      reply_to: about.replyTo ?? null
    };
    this.attachments = [];
    await turn.ask(request, this._path);
    void this.refreshThreads();
  }

  /** Read names and types of what lives in the kernel. */
  async lookAtVariables(): Promise<IVariable[]> {
    const may = this.panel !== null && this.withVariables;
    this.variables = may ? await liveVariables(this.panel!) : [];
    return this.variables;
  }

  /** Give the ids of the cells that ran, in the order of their runs. */
  executionOrder(): string[] {
    const ran: { id: string; count: number }[] = [];
    for (const cell of this.panel?.model?.cells ?? []) {
      const count = cell.type === 'code' ? (cell as ICodeCellModel).executionCount : null;
      if (count) {
        ran.push({ id: cell.id, count });
      }
    }
    return ran.sort((a, b) => a.count - b.count).map(cell => cell.id);
  }

  dismiss(): void {
    this.notice = null;
    this._touch();
  }

  /** Add a turn that was made in this page, without a run. */
  addLocal(turn: Turn): void {
    turn.phase = 'over';
    this._add(turn);
  }

  stop(): void {
    void this.running?.stop();
  }

  /** Decide what a run waits for. */
  async decide(turn: Turn, approval: string, granted: boolean): Promise<void> {
    const path = `runs/${encodeURIComponent(turn.run!)}/approvals/${encodeURIComponent(approval)}`;
    await this._tell(path, 'POST', { granted });
    await turn.resume();
  }

  /** Change the plan that a run waits with, and run it. */
  async runPlan(turn: Turn, steps: Turn['steps'] | null): Promise<void> {
    if (steps) {
      const plain = steps.map(({ id, agent, task, needs }) => ({ id, agent, task, needs }));
      await this._tell(`runs/${encodeURIComponent(turn.run!)}/plan`, 'PUT', { steps: plain });
    }
    await turn.resume();
  }

  // --- proposals -----------------------------------------------------------------------------

  /** Put proposals into the notebook as one step. The journal is written before it is shown. */
  async accept(turn: Turn, chosen: IItem[]): Promise<boolean> {
    const { panel } = this;
    if (!panel || !panel.model) {
      this.notice = { text: t('Open a notebook: the cells have no place to go.') };
      this._touch();
      return false;
    }
    // The SQL cells of a group don't run without what loads the magics.
    const groups = new Set(chosen.map(item => item.proposal.group));
    const items = turn.items.filter(
      item =>
        item.state !== 'accepted' &&
        item.state !== 'edited' &&
        (chosen.includes(item) ||
          (item.proposal.setup && item.state === 'open' && groups.has(item.proposal.group)))
    );
    const before = items.map(item => item.state);
    let edits: IApplied[];
    try {
      edits = apply(
        panel,
        items.map(final),
        turn.items.map(item => item.proposal),
        turn.order
      );
    } catch (error) {
      const words = error instanceof EditRefused ? error.message : String(error);
      const fault = error instanceof EditRefused && error.kind === 'read-only';
      items.forEach(item => (item.note = fault ? null : words));
      this.notice = { text: words };
      this._touch();
      return false;
    }
    items.forEach(item => {
      item.state = 'accepting';
      item.note = null;
    });
    this._touch();
    for (const [i, item] of items.entries()) {
      this._keeper?.accepted.set(item.proposal.id, edits[i].cell);
    }
    try {
      await this._keeper?.write();
    } catch {
      this.notice = {
        text: t("The browser can't keep a copy of this change (no room?). Save the notebook now.")
      };
    }
    for (const [i, item] of items.entries()) {
      const edited = item.text !== null && item.text !== item.proposal.new;
      item.state = edited ? 'edited' : 'accepted';
      item.sha256 = edits[i].after;
      void before;
      this._resolve(turn, item, item.state, item.sha256);
    }
    this._steps.push({ edits, items, turn });
    this._afterRecovery(turn);
    this._touch();
    return true;
  }

  reject(turn: Turn, items: IItem[]): void {
    for (const item of items) {
      if (item.state === 'open' || item.state === 'undone') {
        item.state = 'rejected';
        item.note = null;
        this._resolve(turn, item, 'rejected', null);
      }
    }
    this._afterRecovery(turn);
    this._touch();
  }

  /** Show a rejected proposal again. */
  reopen(item: IItem): void {
    item.state = 'open';
    this._touch();
  }

  /** Take back what was accepted last, as one step; or what was accepted of one turn. */
  async takeBack(turn?: Turn): Promise<void> {
    if (!this.panel?.model) {
      return;
    }
    const step = turn
      ? this._steps.filter(s => s.turn === turn).at(-1) ?? this._recalled(turn)
      : this._steps.at(-1);
    if (!step) {
      this.notice = { text: t('There is nothing to take back.') };
      this._touch();
      return;
    }
    let left: IProposal[];
    try {
      left = takeBack(this.panel, step.edits);
    } catch (error) {
      this.notice = { text: error instanceof Error ? error.message : String(error) };
      this._touch();
      return;
    }
    this._steps = this._steps.filter(other => other !== step);
    const kept = new Set(left.map(proposal => proposal.id));
    for (const item of step.items) {
      if (!kept.has(`${item.proposal.id}-back`)) {
        item.state = 'undone';
        this._keeper?.accepted.delete(item.proposal.id);
        this._resolve(step.turn, item, 'undone', null);
      }
    }
    for (const proposal of left) {
      step.turn.items.push({ proposal, state: 'open', text: null, note: null, sha256: null });
    }
    if (left.length) {
      this.notice = {
        text: tn(
          'You changed a cell since: taking it back is shown as a proposal.',
          'You changed %1 cells since: taking them back is shown as proposals.',
          left.length
        )
      };
    }
    try {
      await this._keeper?.write();
    } catch {
      // Nothing was added that could get lost.
    }
    step.turn.touch();
    this._touch();
  }

  /** Run the cells that were accepted of a turn, in the order of the notebook. */
  async run(turn: Turn): Promise<void> {
    const { panel } = this;
    if (!panel) {
      return;
    }
    const again = { label: t('Try again'), run: () => void this.run(turn) };
    const { sessionContext } = panel;
    await sessionContext.ready;
    const kernel = sessionContext.session?.kernel;
    if (!kernel) {
      this.notice = {
        text: t('This notebook has no kernel, so nothing was run.'),
        action: {
          label: t('Choose a kernel'),
          run: () =>
            void (async () => {
              await this._dialogs?.selectKernel(sessionContext);
              if (sessionContext.session?.kernel) {
                await this.run(turn);
              }
            })()
        }
      };
      this._touch();
      return;
    }
    if (!(await isAlive(kernel))) {
      this.notice = { text: t('The kernel does not answer.'), action: again };
      this._touch();
      return;
    }
    const ids = new Set(
      turn.items
        .filter(item => item.state === 'accepted' || item.state === 'edited')
        .map(item => item.proposal.cell_id)
    );
    const cells = panel.content.widgets.filter(cell => ids.has(cell.model.id));
    if (cells.length === 0) {
      this.notice = { text: t('The cells are not in the notebook any more.') };
      this._touch();
      return;
    }
    this.notice = null;
    this._touch();
    const done = await NotebookActions.runCells(
      panel.content,
      cells,
      sessionContext,
      this._dialogs ?? undefined
    );
    if (!done) {
      this.notice = { text: t('A cell failed: its message stands below it.'), action: again };
      this._touch();
    }
  }

  /** Give the text that stands now in the cell of a proposal; null where it is gone. */
  currentText(item: IItem): string | null {
    const notebook = this.panel?.model?.sharedModel;
    const index = notebook ? indexOf(notebook, item.proposal.cell_id) : -1;
    return index < 0 ? null : notebook!.getCell(index).source;
  }

  /** Say where an accepted cell is missing, after a reload without saving. */
  isMissing(item: IItem): boolean {
    return (
      this.panel?.model != null &&
      item.proposal.op === 'insert' &&
      (item.state === 'accepted' || item.state === 'edited') &&
      indexOf(this.panel.model.sharedModel, item.proposal.cell_id) < 0
    );
  }

  // --- inside --------------------------------------------------------------------------------

  private async _load(): Promise<void> {
    try {
      const query = this._path === null ? '' : `?notebook=${encodeURIComponent(this._path)}`;
      const body = await api.call<{ threads: IThread[] }>(`threads${query}`);
      this.threads = body.threads.filter(
        thread => this._path !== null || thread.notebook === null
      );
      const last = localStorage.getItem(this._key('thread'));
      const open =
        this.threads.find(thread => thread.id === last) ??
        (last === '' ? undefined : this.threads[0]);
      if (open && this.thread === null && this.turns.every(turn => turn.recovers !== null)) {
        await this.openThread(open.id);
      }
    } catch (error) {
      this._say(error);
    }
    this._touch();
  }

  private async _offerRecovery(): Promise<void> {
    const found = await this._keeper?.left();
    if (!found) {
      return;
    }
    const turn = new Turn(t('Unsaved changes from %1', new Date(found.at).toLocaleString()));
    turn.phase = 'over';
    turn.recovers = found.key;
    turn.items = found.proposals.map(proposal => ({
      proposal,
      state: 'open',
      text: null,
      note: null,
      sha256: null
    }));
    this._add(turn);
  }

  private _afterRecovery(turn: Turn): void {
    const open = turn.items.some(item => item.state === 'open' || item.state === 'accepting');
    if (turn.recovers !== null && !open) {
      void this._keeper?.drop(turn.recovers);
    }
  }

  private _resolve(turn: Turn, item: IItem, resolution: string, hash: string | null): void {
    if (turn.run === null || item.proposal.id.endsWith('-back')) {
      return;
    }
    const run = encodeURIComponent(turn.run);
    const path = `runs/${run}/proposals/${encodeURIComponent(item.proposal.id)}`;
    // The notebook is the truth; this only tells a later page what was done.
    api.call(path, 'POST', { resolution, sha256: hash }).catch(() => undefined);
  }

  /** Make the step of a turn that was accepted before this page was loaded. */
  private _recalled(turn: Turn): IStep | undefined {
    const notebook = this.panel!.model!.sharedModel;
    const step: IStep = { edits: [], items: [], turn };
    for (const item of turn.items) {
      if ((item.state !== 'accepted' && item.state !== 'edited') || item.proposal.op === 'delete') {
        continue;
      }
      const index = indexOf(notebook, item.proposal.cell_id);
      if (index < 0) {
        continue;
      }
      const { proposal } = item;
      const cell = notebook.getCell(index);
      step.items.push(item);
      step.edits.push({
        proposal,
        cell: proposal.cell_id,
        index,
        after: item.sha256 ?? sha256(proposal.new),
        before:
          proposal.op === 'insert'
            ? null
            : {
                id: proposal.cell_id,
                cell_type: cell.cell_type,
                source: proposal.old,
                metadata: cell.getMetadata() as any
              }
      });
    }
    return step.edits.length ? step : undefined;
  }

  private _add(turn: Turn): void {
    this.turns = [...this.turns, turn];
    turn.changed.connect(() => {
      if (turn.thread && turn.thread !== this.thread && this.turns.includes(turn)) {
        this.thread = turn.thread;
        this._remember(turn.thread);
      }
      this._touch();
    });
    this._touch();
  }

  private _show(thread: string | null, turns: Turn[]): void {
    const recoveries = this.turns.filter(turn => turn.recovers !== null);
    for (const turn of this.turns) {
      if (turn.recovers === null) {
        turn.leave();
        Signal.clearData(turn);
      }
    }
    this._steps = this._steps.filter(step => recoveries.includes(step.turn));
    this.thread = thread;
    this.turns = recoveries;
    for (const turn of turns) {
      this._add(turn);
    }
    this._touch();
  }

  private _onRenamed(): void {
    const from = this._path;
    this._path = this.panel!.context.path;
    if (from !== null && from !== this._path) {
      const last = localStorage.getItem(`clew:thread:${from}`);
      localStorage.removeItem(`clew:thread:${from}`);
      if (last !== null) {
        localStorage.setItem(this._key('thread'), last);
      }
      void this._keeper?.renamed(from, this._path);
      void this._tell('threads', 'PATCH', { notebook: from, to: this._path });
    }
    this._touch();
  }

  private _remember(thread: string | null): void {
    try {
      localStorage.setItem(this._key('thread'), thread ?? '');
    } catch {
      // A full store: the newest thread opens instead.
    }
  }

  private _key(what: 'thread' | 'draft'): string {
    return `clew:${what}:${this._path ?? ''}`;
  }

  private async _tell<T>(
    path: string,
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    body?: unknown
  ): Promise<T | null> {
    try {
      return await api.call<T>(path, method, body);
    } catch (error) {
      this._say(error);
      return null;
    }
  }

  private _say(error: unknown): void {
    const text =
      error instanceof api.ServerRefusal
        ? `${error.message} ${error.hint}`.trim()
        : t('The Jupyter server can not be reached.');
    this._unreachable = !(error instanceof api.ServerRefusal);
    this.notice = { text };
    this._touch();
  }

  private _touch(): void {
    this._changed.emit();
  }

  private _path: string | null = null;
  private _unreachable = false;
  private _steps: IStep[] = [];
  private _changed = new Signal<this, void>(this);
  private _drafted = new Signal<this, void>(this);
}

/** Wait for a kernel that starts or restarts; false where it stays away. */
async function isAlive(kernel: Kernel.IKernelConnection): Promise<boolean> {
  const end = Date.now() + KERNEL_MS;
  const fine = () =>
    kernel.connectionStatus === 'connected' &&
    !['dead', 'restarting', 'autorestarting', 'starting', 'terminating'].includes(kernel.status);
  while (!fine() && !kernel.isDisposed && Date.now() < end) {
    await new Promise(done => window.setTimeout(done, 100));
  }
  return fine();
}

/** Give the proposal as the user wants it: with her text, and marked so. */
function final(item: IItem): IProposal {
  if (item.text === null || item.text === item.proposal.new) {
    return item.proposal;
  }
  const { clew, ...rest } = item.proposal.metadata ?? {};
  const provenance = { ...clew?.provenance, edited: true };
  return {
    ...item.proposal,
    new: item.text,
    metadata: clew ? { ...rest, clew: { ...clew, provenance } } : rest
  };
}
