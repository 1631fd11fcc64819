/**
 * What keeps work that Jupyter has not saved yet? A journal per notebook in the browser's store.
 *
 * It is at most a second behind. Each tab writes an entry of its own, so that of two tabs none is
 * overwritten; an entry goes when the notebook is saved. After a reload what an entry of a tab
 * that is gone holds beyond the file is offered as a diff, never applied unasked.
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

  /** Carry this tab's entry over to a new name. */
  async renamed(from: string, to: string): Promise<void> {
    const key = `${this.tab} ${from}`;
    const entry = await this._do<IJournalEntry | undefined>('readonly', s => s.get(key));
    if (entry) {
      await this.write(to, entry.cells, entry.accepted);
      await this.saved(from);
    }
  }

  /** Find the newest entry of a notebook that a tab which is gone has left. */
  async left(path: string): Promise<IJournalEntry | null> {
    const all = await this._do<IJournalEntry[]>('readonly', store => store.getAll());
    const alive = await this._alive();
    const found = all.filter(
      entry => entry.path === path && entry.tab !== this.tab && !alive.has(entry.tab)
    );
    const old = all.filter(entry => Date.now() - entry.at > OLDEST_MS && !alive.has(entry.tab));
    for (const entry of old) {
      await this.drop(entry.key);
    }
    return found.sort((a, b) => b.at - a.at)[0] ?? null;
  }

  /** Forget an entry that was restored or thrown away. */
  async drop(key: string): Promise<void> {
    await this._do('readwrite', store => store.delete(key));
  }

  private _lock(tab: string): string {
    return `${this._name}-tab-${tab}`;
  }

  private async _alive(): Promise<Set<string>> {
    const held = (await navigator.locks?.query())?.held ?? [];
    const start = this._lock('');
    return new Set(
      held.map(lock => lock.name ?? '').filter(n => n.startsWith(start)).map(n => n.slice(start.length))
    );
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
