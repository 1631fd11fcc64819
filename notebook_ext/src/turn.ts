/** What came of one question so far? Built from the run's events, the same live and after a reload. */

import { ISignal, Signal } from '@lumino/signaling';

import * as api from './api';
import { IAnswer, ICellView, IContext, IEvent, IPlanStep, IProposal, IRef, IRequest } from './events';
import { t } from './words';

export type Phase = 'sending' | 'running' | 'reconnecting' | 'stopping' | 'over' | 'lost';
export type Resolution = 'open' | 'accepting' | 'accepted' | 'edited' | 'rejected' | 'undone';

export interface IItem {
  proposal: IProposal;
  state: Resolution;
  /** The user's own text for it, while or after she edits. */
  text: string | null;
  /** Why it could not be applied, or what she should know. */
  note: string | null;
  /** Hash of the text that was accepted. */
  sha256: string | null;
}

export interface IApproval {
  id: string;
  step: string;
  text: string;
  granted: boolean | null;
}

const WAITS_MS = [300, 1000, 2000, 4000, 8000];
const TRIES = 40;

export class Turn {
  question: string;
  run: string | null = null;
  thread: string | null = null;
  phase: Phase = 'sending';
  seq = 0;
  text = '';
  steps: IPlanStep[] = [];
  notes: string[] = [];
  approvals: IApproval[] = [];
  items: IItem[] = [];
  answer: IAnswer | null = null;
  error: { reason: string; hint: string } | null = null;
  started = Date.now();
  /** The moment of the last word from the run; decides what is told of slowness. */
  heard = Date.now();
  ended: number | null = null;
  /** Ids of the notebook's cells when it was asked. */
  order: string[] = [];
  /** What was sent, for the reader who wants to see it; null after a reload. */
  sent: IRequest | null = null;
  /** Which cells were chosen for the answer; null where nothing was told of it. */
  context: IContext | null = null;
  /** Key of the journal's entry that this offers; null for a question. */
  recovers: string | null = null;
  /** The events of an old run are read when they are looked at. */
  loaded = true;

  constructor(question: string) {
    this.question = question;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isOver(): boolean {
    return this.phase === 'over' || this.phase === 'lost';
  }

  /** Ask, and go on hearing until the run is over, also over dropped connections. */
  async ask(request: IRequest, notebook: string | null): Promise<void> {
    this.sent = request;
    this.order = request.cells.map(cell => cell.id);
    await this._hear(signal => api.ask(request, notebook, this._tell, signal));
  }

  /** Hear a run that this page did not start, from its first event. */
  async attach(run: string): Promise<void> {
    this.run = run;
    this.phase = 'running';
    await this._hear(signal => api.follow(run, this.seq, this._tell, signal));
  }

  /** Take up a run that waits for its plan or an approval. */
  async resume(cells: ICellView[], anchor: string | null, notebook: string | null): Promise<void> {
    const run = this.run!;
    this.order = cells.map(cell => cell.id);
    this.answer = null;
    this.ended = null;
    this.phase = 'running';
    this.touch();
    await this._hear(signal => api.resume(run, { cells, anchor }, notebook, this._tell, signal));
  }

  /** End the work on the server too; before the run has an id, as soon as it has one. */
  async stop(): Promise<void> {
    if (this.isOver) {
      return;
    }
    this.phase = 'stopping';
    this._asked = true;
    this.touch();
    if (this.run !== null) {
      await this._cancel();
    } else {
      // Not even the first frame: leave the request if none comes soon.
      window.setTimeout(() => {
        if (this.run === null) {
          this._abort?.abort();
        }
      }, 2000);
    }
  }

  /** Leave without ending the run: the page goes, the run stays. */
  leave(): void {
    this._left = true;
    this._abort?.abort();
  }

  /** Tell the readers, at most once per frame. */
  touch(): void {
    if (this._timer === null) {
      this._timer = window.setTimeout(() => {
        this._timer = null;
        this._changed.emit();
      }, 16);
    }
  }

  /** Let all that names a proposed cell name the one that takes its place. */
  standsIn(proposed: string, cell: string): void {
    const receipts = this.items.flatMap(item => item.proposal.metadata?.clew?.receipts ?? []);
    for (const receipt of [...receipts, ...(this.answer?.receipts ?? [])]) {
      for (const ref of receipt.refs.filter((other: IRef) => other.cell === proposed)) {
        ref.cell = cell;
      }
    }
    for (const item of this.items) {
      if (item.proposal.after_cell === proposed) {
        item.proposal = { ...item.proposal, after_cell: cell };
      }
    }
  }

  /** Take in one event; one that was heard is left out. */
  take(event: IEvent): void {
    this.heard = Date.now();
    if (event.seq <= this.seq) {
      return;
    }
    if (this.seq === 0 && this.sent === null) {
      this.started = Date.parse(event.at) || this.started;
    }
    this.seq = event.seq;
    this.run = event.run;
    const data = event.data ?? {};
    if (this.phase === 'sending' || this.phase === 'reconnecting') {
      this.phase = 'running';
    }
    switch (event.type) {
      case 'plan':
      case 'plan_edited':
        this.steps = (data.steps ?? []).map((step: any) => ({
          state: 'wait',
          seconds: null,
          ...step
        }));
        this.notes = data.notes ?? [];
        this.context = data.context ?? this.context;
        break;
      case 'step_started':
        this._step(data.id, { state: 'execution' });
        break;
      case 'step_finished':
        this._step(data.id, { state: data.state, seconds: data.seconds });
        break;
      case 'token':
        this.text += data.text ?? '';
        break;
      case 'approval_requested':
        this.approvals.push({ id: data.id, step: data.step, text: data.text, granted: null });
        break;
      case 'approval_resolved':
        for (const approval of this.approvals) {
          if (approval.step === data.step) {
            approval.granted = data.granted;
          }
        }
        break;
      case 'proposal':
        if (!this.items.some(item => item.proposal.id === data.id)) {
          this.items.push({ proposal: data, state: 'open', text: null, note: null, sha256: null });
        }
        break;
      case 'proposal_resolved':
        for (const item of this.items) {
          if (item.proposal.id === data.id && item.state !== 'accepting') {
            item.state = data.resolution;
            item.sha256 = data.sha256 ?? null;
          }
        }
        break;
      case 'answer':
        this.answer = data as IAnswer;
        this.steps = this.answer.plan?.length ? this.answer.plan : this.steps;
        this._end(event.at);
        break;
      case 'error':
        this.error = { reason: String(data.reason ?? ''), hint: String(data.hint ?? '') };
        this._end(event.at);
        break;
      case 'cancelled':
        this.answer = null;
        this.error = {
          reason: this._asked ? t('Stopped.') : String(data.reason || t('Stopped.')),
          hint: ''
        };
        this._end(event.at);
        break;
    }
    this.touch();
  }

  private _tell = (frame: api.Frame): void => {
    if (frame.kind === 'event') {
      this.take(frame.event);
      return;
    }
    this.heard = Date.now();
    if (frame.kind === 'gone') {
      this.phase = 'lost';
      this.error = {
        reason: frame.reason || t('The server stopped while it was answering.'),
        hint: t('Press "Go on" to take it up again.')
      };
    } else {
      this.run = frame.run;
      this.thread = frame.thread;
      if (this.phase === 'stopping') {
        void this._cancel();
      } else {
        this.phase = 'running';
      }
    }
    this.touch();
  };

  private async _hear(first: (signal: AbortSignal) => Promise<void>): Promise<void> {
    let listen = first;
    for (let tries = 0; !this._left; ) {
      const before = this.seq;
      try {
        this._abort = new AbortController();
        await listen(this._abort.signal);
        if (this.isOver || this._left) {
          break;
        }
        if (this.run === null) {
          this._fail(new Error('no run'));
          break;
        }
      } catch (error) {
        if (this._left) {
          return;
        }
        const refused = error instanceof api.ServerRefusal && error.status < 500;
        if (this.run === null || refused) {
          this._fail(error);
          break;
        }
      }
      tries = this.seq > before ? 0 : tries + 1;
      if (tries > TRIES) {
        this._fail(new Error(t('The server can not be reached any more.')));
        break;
      }
      // The connection dropped: the run goes on, and so do we, after what was heard.
      if (this.phase !== 'stopping') {
        this.phase = 'reconnecting';
      }
      this.touch();
      await new Promise(done =>
        window.setTimeout(done, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)])
      );
      const run: string = this.run!;
      listen = signal => api.follow(run, this.seq, this._tell, signal);
    }
    this.touch();
  }

  private _fail(error: unknown): void {
    if (this.phase === 'stopping') {
      this.error = { reason: t('Stopped.'), hint: '' };
    } else if (error instanceof api.ServerRefusal) {
      this.error = { reason: error.message, hint: error.hint };
    } else {
      this.error = {
        reason: t('The Jupyter server can not be reached.'),
        hint: t('See that it runs, then press "Ask again".')
      };
    }
    this._end(null);
  }

  private async _cancel(): Promise<void> {
    try {
      await api.call(`runs/${encodeURIComponent(this.run!)}/cancel`, 'POST', {});
    } catch {
      // It was over, or the server is gone: the stream says which.
    }
  }

  private _step(id: string, change: Partial<IPlanStep>): void {
    this.steps = this.steps.map(step => (step.id === id ? { ...step, ...change } : step));
  }

  private _end(at: string | null): void {
    this.phase = 'over';
    const end = at ? Date.parse(at) : Date.now();
    this.ended = Number.isNaN(end) ? Date.now() : end;
  }

  private _changed = new Signal<this, void>(this);
  private _abort: AbortController | null = null;
  /** The user pressed Stop. */
  private _asked = false;
  private _left = false;
  private _timer: number | null = null;
}
