/** What is said beside one notebook: its threads, the turns of the one that is open, and edits. */

import { NotebookPanel } from '@jupyterlab/notebook';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { ISignal, Signal } from '@lumino/signaling';

import * as api from './api';
import { Decisions, INotice } from './decisions';
import { IAttachment, IRequest, IThread, IThreadDetail, IVariable, Mode } from './events';
import { Keeper } from './keeper';
import { obeyMode } from './modes';
import { cellViews, executionOrder, indexOf, isReadOnly, markedText, selectedCells } from './notebook';
import { Staleness } from './staleness';
import { Turn } from './turn';
import { liveVariables } from './variables';
import { t } from './words';

const SHOWN_AT_FIRST = 8;

export class Conversation {
  threads: IThread[] = [];
  thread: string | null = null;
  turns: Turn[] = [];
  /** A line that the user has to see, and what she can do about it. */
  notice: INotice | null = null;
  mode: Mode = 'ask';
  /** The cell that is asked from; undefined follows the active cell, null means the notebook. */
  pinned: string | null | undefined = undefined;
  attachments: IAttachment[] = [];
  /** Counts the changes that concern all turns: not the tokens of one. */
  edition = 0;
  /** May the names and types of live variables be read and sent? */
  withVariables = true;
  /** Does the text that is marked in the active cell go along with the next question? */
  withMarked = true;
  /** As they were when last looked at. */
  variables: IVariable[] = [];

  constructor(
    readonly panel: NotebookPanel | null,
    private _keeper: Keeper | null,
    dialogs: ISessionContextDialogs | null
  ) {
    this.decisions = new Decisions(panel, _keeper, dialogs, this);
    this.staleness = panel && new Staleness(panel);
    if (panel) {
      this._path = panel.context.path;
      panel.context.pathChanged.connect(this._onRenamed, this);
      panel.content.activeCellChanged.connect(this.touch, this);
      panel.content.selectionChanged.connect(this.touch, this);
      panel.sessionContext.statusChanged.connect(this.touch, this);
      panel.model?.cells.changed.connect(this.touch, this);
      panel.disposed.connect(() => this.dispose());
      void panel.context.ready.then(() => this._offerRecovery());
      _keeper?.failing.connect(this._onFailing, this);
    }
    this.loading = this._load();
  }

  /** Which cells show what is out of date; null without a notebook. */
  readonly staleness: Staleness | null;

  /** What becomes of the proposals of its turns. */
  readonly decisions: Decisions;

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
    this._draft ??= sessionStorage.getItem(this._key('draft')) ?? '';
    return this._draft;
  }

  /** Fires when the text is set from elsewhere. */
  get drafted(): ISignal<this, void> {
    return this._drafted;
  }

  keepDraft(text: string): void {
    this._draft = text;
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
    this.touch();
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    this.touch();
  }

  attach(attachment: IAttachment): void {
    const same = (a: IAttachment) => a.kind === attachment.kind && a.name === attachment.name;
    if (!this.attachments.some(same)) {
      this.attachments = [...this.attachments, attachment];
    }
    this.touch();
  }

  detach(attachment: IAttachment): void {
    this.attachments = this.attachments.filter(other => other !== attachment);
    this.touch();
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
    this.touch();
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
    const marked = this.withMarked && panel ? markedText(panel) : '';
    const chosen = panel ? selectedCells(panel) : [];
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
      attachments: [...this.attachments, ...chosen.map(name => ({ kind: 'cell' as const, name }))],
      variables,
      mode: this.mode,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? null,
      locale: 'en',
      reply_to: about.replyTo ?? null
    };
    this.attachments = [];
    this.withMarked = true;
    await turn.ask(request, this._path);
    await obeyMode(this, turn, request.mode);
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
    return this.panel ? executionOrder(this.panel) : [];
  }

  dismiss(): void {
    this.notice = null;
    this.touch();
  }

  /** Add a turn that was made in this page, without a run. */
  addLocal(turn: Turn): void {
    turn.phase = 'over';
    this._add(turn);
  }

  stop(): void {
    void this.running?.stop();
  }

  /** Take up a run that waits or was lost. */
  goOn(turn: Turn): Promise<void> {
    return turn.resume(this.panel ? cellViews(this.panel) : [], this.anchor, this._path);
  }

  /** Decide what a run waits for. */
  async decide(turn: Turn, approval: string, granted: boolean): Promise<void> {
    const path = `runs/${encodeURIComponent(turn.run!)}/approvals/${encodeURIComponent(approval)}`;
    await this._tell(path, 'POST', { granted });
    await this.goOn(turn);
  }

  /** Change the plan that a run waits with, and run it. */
  async runPlan(turn: Turn, steps: Turn['steps'] | null): Promise<void> {
    if (steps) {
      const plain = steps.map(({ id, agent, task, needs }) => ({ id, agent, task, needs }));
      await this._tell(`runs/${encodeURIComponent(turn.run!)}/plan`, 'PUT', { steps: plain });
    }
    await this.goOn(turn);
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
    this.touch();
  }

  private async _offerRecovery(): Promise<void> {
    for (const found of (await this._keeper?.left()) ?? []) {
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
  }

  private _onFailing(_: unknown, failing: boolean): void {
    const text = t("The browser can't keep a copy of your changes (no room?). Save the notebook.");
    if (failing) {
      const run = () => void this.panel?.context.save().catch(() => undefined);
      this.notice = { text, action: { label: t('Save'), run } };
    } else if (this.notice?.text === text) {
      this.notice = null;
    }
    this.touch();
  }

  private _add(turn: Turn): void {
    this.turns = [...this.turns, turn];
    turn.changed.connect(() => {
      if (turn.thread && turn.thread !== this.thread && this.turns.includes(turn)) {
        this.thread = turn.thread;
        this._remember(turn.thread);
      }
      if (turn.isOver) {
        this.touch();
      } else {
        this._changed.emit(); // a token: the other turns need not be drawn
      }
    });
    this.touch();
  }

  private _show(thread: string | null, turns: Turn[]): void {
    const recoveries = this.turns.filter(turn => turn.recovers !== null);
    for (const turn of this.turns) {
      if (turn.recovers === null) {
        turn.leave();
        Signal.clearData(turn);
      }
    }
    this.decisions.keepOnly(recoveries);
    this.thread = thread;
    this.turns = recoveries;
    for (const turn of turns) {
      this._add(turn);
    }
    this.touch();
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
    this.touch();
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
    this.touch();
  }

  /** Tell the readers that something is to be drawn anew. */
  touch(): void {
    this.edition++;
    this._changed.emit();
  }

  private _path: string | null = null;
  private _draft: string | null = null;
  private _unreachable = false;
  private _changed = new Signal<this, void>(this);
  private _drafted = new Signal<this, void>(this);
}
