"""How did the store's tables come to be? Each entry brings the file one version further.

Entries are never changed, only added.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE threads (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, user TEXT NOT NULL,
        at TEXT NOT NULL, used INTEGER NOT NULL);
    CREATE INDEX threads_by_user ON threads (tenant, user, used);
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY, thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        question TEXT NOT NULL, status TEXT NOT NULL, text TEXT NOT NULL,
        spec TEXT, clarification TEXT, run TEXT, at TEXT NOT NULL);
    CREATE INDEX messages_by_thread ON messages (thread, id);
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, thread TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        tenant TEXT NOT NULL, user TEXT NOT NULL, at TEXT NOT NULL, status TEXT);
    CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, seq INTEGER NOT NULL,
        at TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, pieces TEXT,
        PRIMARY KEY (run, seq)) WITHOUT ROWID;
    """,
    # What a run needs to be taken up again, approvals, and what users say of answers.
    """
    ALTER TABLE runs ADD COLUMN asked TEXT;
    CREATE INDEX runs_by_thread ON runs (thread, at);
    CREATE TABLE plans (
        run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, plan TEXT NOT NULL);
    CREATE TABLE checkpoints (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, graph TEXT NOT NULL,
        id TEXT NOT NULL, form TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, graph));
    CREATE TABLE checkpoint_writes (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, graph TEXT NOT NULL,
        checkpoint TEXT NOT NULL, task TEXT NOT NULL, place INTEGER NOT NULL,
        channel TEXT NOT NULL, form TEXT NOT NULL, data BLOB NOT NULL, path TEXT NOT NULL,
        PRIMARY KEY (run, graph, checkpoint, task, place));
    CREATE TABLE approvals (
        id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step TEXT NOT NULL, digest TEXT NOT NULL, at TEXT NOT NULL,
        granted INTEGER, used INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX approvals_by_run ON approvals (run, step, digest);
    CREATE TABLE feedback (
        id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        question TEXT NOT NULL, said TEXT NOT NULL, expected TEXT, state TEXT NOT NULL,
        at TEXT NOT NULL);
    CREATE INDEX feedback_by_run ON feedback (run, at);
    """,
    # What a list of threads shows, and where a branch came from.
    """
    ALTER TABLE threads ADD COLUMN title TEXT;
    ALTER TABLE threads ADD COLUMN notebook TEXT;
    ALTER TABLE threads ADD COLUMN from_thread TEXT;
    ALTER TABLE threads ADD COLUMN from_run TEXT;
    """,
)
