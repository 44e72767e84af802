"""The local queue's schema as a list of steps. Add a step for a change; never edit one that was released."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY, idempotency_key TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'ready', attempt INTEGER NOT NULL DEFAULT 0,
        leased INTEGER NOT NULL DEFAULT 0, visible_at REAL NOT NULL
    );
    CREATE INDEX jobs_by_time ON jobs (visible_at, seq) WHERE state = 'ready';
    CREATE INDEX dead_jobs ON jobs (seq) WHERE state = 'dead';
    """,
    """
    ALTER TABLE jobs ADD COLUMN urgency INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE jobs ADD COLUMN reason TEXT NOT NULL DEFAULT '';
    DROP INDEX jobs_by_time;
    DROP INDEX dead_jobs;
    CREATE INDEX jobs_in_order ON jobs (urgency, visible_at, seq) WHERE state = 'ready';
    CREATE INDEX tried_jobs ON jobs (attempt, visible_at) WHERE state = 'ready' AND attempt > 0;
    CREATE INDEX dead_jobs ON jobs (visible_at, seq) WHERE state = 'dead';
    CREATE INDEX done_jobs ON jobs (visible_at) WHERE state = 'done';
    """,
    """
    ALTER TABLE jobs ADD COLUMN since REAL NOT NULL DEFAULT 0;
    CREATE INDEX jobs_by_setting ON jobs (since) WHERE state = 'ready';
    """,
)
"""`visible_at` of a dead or done job is when it became so; of one from before the second step, when its lease ends.
`since` is when a ready job's `visible_at` was set: one ahead of the clock shows that the clock was put back."""
