/**
 * What keeps work that Jupyter has not saved yet? A journal per notebook in the browser's store.
 *
 * It is at most a second behind. Each tab writes an entry of its own, so that of two tabs none is
 * overwritten; an entry goes when the notebook is saved. After a reload what the entries of tabs
 * that are gone hold beyond the file is offered as diffs, never applied unasked.
 */

import { ICellText } from './notebook';

export interface IJournalEntry {
  /** `tab` and path. */
  key: string;
  path: string;
  tab: string;
  /** When, in milliseconds. */
  at: number;
  cells: ICellText[];
  /** What was accepted since the last save: id of the proposal → id of the cell. */
  accepted: { [proposal: string]: string };
}

const STORE = 'entries';
const OLDEST_MS = 30 * 24 * 3600 * 1000;
// A store that says nothing keeps nothing: better told than waited for.
const ANSWER_MS = 5000;

/** The store, behind IndexedDB. */
export class Journal {
  /** Id of this tab, and a lock on it for as long as it lives. */
  readonly tab = Math.random().toString(36).slice(2) + Date.now().toString(36);

  constructor(name: string) {
    this._name = name;
    // A lock shows other tabs that this one lives; it goes with the tab, even when it crashes.
    void navigator.locks?.request(this._lock(this.tab), () => new Promise(() => undefined));
  }

  /** Write an entry; done when it is on disk. */
  async write(path: string, cells: ICellText[], accepted: { [id: string]: string }): Promise<void> {
    const entry: IJournalEntry = {
      key: `${this.tab} ${path}`,
      path,
      tab: this.tab,
      at: Date.now(),
      cells,
      accepted
    };
    await this._do('readwrite', store => store.put(entry));
  }

  /** Forget this tab's entry: the notebook is saved. */
  async saved(path: string): Promise<void> {
    await this._do('readwrite', store => store.delete(`${this.tab} ${path}`));
  }

  /** Carry a notebook's entries over to its new name: this tab's, and those of tabs that are gone. */
  async renamed(from: string, to: string): Promise<void> {
    const own = `${this.tab} ${from}`;
    for (const entry of await this._entries(from)) {
      if (entry.key === own || (await this._isGone(entry))) {
        const moved = { ...entry, key: `${entry.tab} ${to}`, path: to };
        await this._do('readwrite', store => store.put(moved));
        await this.drop(entry.key);
      }
    }
  }

  /** Find the entries of a notebook that tabs which are gone have left, the newest first. */
  async left(path: string): Promise<IJournalEntry[]> {
    const found: IJournalEntry[] = [];
    for (const entry of await this._entries(null)) {
      if (entry.tab === this.tab || !(await this._isGone(entry))) {
        continue;
      }
      if (Date.now() - entry.at > OLDEST_MS) {
        await this.drop(entry.key);
      } else if (entry.path === path) {
        found.push(entry);
      }
    }
    return found.sort((a, b) => b.at - a.at);
  }

  /** Forget an entry that was restored or thrown away. */
  async drop(key: string): Promise<void> {
    await this._do('readwrite', store => store.delete(key));
  }

  private _lock(tab: string): string {
    return `${this._name}-tab-${tab}`;
  }

  private async _entries(path: string | null): Promise<IJournalEntry[]> {
    const all = await this._do<IJournalEntry[]>('readonly', store => store.getAll());
    return all.filter(entry => path === null || entry.path === path);
  }

  private async _isGone(entry: IJournalEntry): Promise<boolean> {
    const held = (await navigator.locks?.query())?.held ?? [];
    return !held.some(lock => lock.name === this._lock(entry.tab));
  }

  private _open(): Promise<IDBDatabase> {
    this._db ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this._name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(STORE, { keyPath: 'key' });
      };
      request.onsuccess = () => {
        request.result.onclose = () => (this._db = null);
        resolve(request.result);
      };
      request.onerror = () => {
        this._db = null;
        reject(request.error);
      };
    });
    return this._db;
  }

  private async _do<T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest
  ): Promise<T> {
    let timer = 0;
    const late = new Promise<never>((_, reject) => {
      const told = new Error('The store of the browser does not answer.');
      timer = window.setTimeout(() => reject(told), ANSWER_MS);
    });
    return Promise.race([this._try<T>(mode, work), late]).finally(() => window.clearTimeout(timer));
  }

  private async _try<T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest
  ): Promise<T> {
    const db = await this._open();
    return new Promise<T>((resolve, reject) => {
      // strict: "complete" means on disk, not in a cache of the system.
      const transaction = db.transaction(STORE, mode, { durability: 'strict' });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result as T);
      transaction.onabort = () => reject(transaction.error ?? request.error);
      transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  }

  private _name: string;
  private _db: Promise<IDBDatabase> | null = null;
}
