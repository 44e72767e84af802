"""The schema as a list of steps. Add a step for a change; never edit one that was released.

Times are Unix seconds. A domain object is kept whole as JSON in `body`; the other columns are what is searched for or
changed by a condition.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE incidents (
        id TEXT PRIMARY KEY, status TEXT NOT NULL, place TEXT, created_at REAL NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX incidents_by_place ON incidents (place, created_at);
    CREATE INDEX incidents_by_status ON incidents (status, created_at);

    CREATE TABLE conversations (place TEXT PRIMARY KEY, expires_at REAL NOT NULL);
    CREATE INDEX conversations_by_expiry ON conversations (expires_at);
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY, place TEXT NOT NULL, role TEXT NOT NULL, ts TEXT NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX turns_by_place ON turns (place, id);
    CREATE UNIQUE INDEX turns_once ON turns (place, role, ts) WHERE ts != '';

    CREATE TABLE sightings (
        fingerprint TEXT PRIMARY KEY, incident_id TEXT NOT NULL, count INTEGER NOT NULL,
        first_seen REAL NOT NULL, last_seen REAL NOT NULL
    );
    CREATE TABLE claims (key TEXT PRIMARY KEY, expires_at REAL NOT NULL);
    CREATE INDEX claims_by_expiry ON claims (expires_at);

    CREATE TABLE approvals (
        id TEXT PRIMARY KEY, decision TEXT NOT NULL, decided_by TEXT NOT NULL, expires_at REAL NOT NULL,
        body TEXT NOT NULL
    );

    CREATE TABLE audit (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX audit_by_subject ON audit (subject, id);
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    """,
    """
    CREATE TABLE mutes (
        channel TEXT NOT NULL, thread_ts TEXT NOT NULL, at REAL NOT NULL, until REAL, body TEXT NOT NULL,
        PRIMARY KEY (channel, thread_ts)
    );
    CREATE TABLE feedback (
        place TEXT NOT NULL, answer_ts TEXT NOT NULL, user TEXT NOT NULL, at REAL NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (place, answer_ts, user)
    );
    CREATE INDEX feedback_by_time ON feedback (at);
    CREATE TABLE spend (
        day TEXT NOT NULL, user TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        usd REAL NOT NULL, PRIMARY KEY (day, user)
    );
    CREATE TABLE locks (key TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, expires_at REAL NOT NULL);
    CREATE TABLE stops (place TEXT PRIMARY KEY, at REAL NOT NULL, by TEXT NOT NULL);
    """,
    """
    ALTER TABLE incidents ADD COLUMN last_at REAL NOT NULL DEFAULT 0;
    UPDATE incidents SET last_at = created_at;
    CREATE INDEX incidents_by_time ON incidents (last_at);
    CREATE TABLE findings (incident_id TEXT PRIMARY KEY, body TEXT NOT NULL);

    CREATE TABLE windows (
        id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, incident_id TEXT NOT NULL, count INTEGER NOT NULL,
        events INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL, status TEXT NOT NULL,
        decided TEXT NOT NULL, flips TEXT NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX windows_by_fingerprint ON windows (fingerprint, id);
    CREATE INDEX windows_by_incident ON windows (incident_id);
    CREATE INDEX windows_by_time ON windows (last_seen);
    INSERT INTO windows
        (fingerprint, incident_id, count, events, first_seen, last_seen, status, decided, flips, body)
        SELECT fingerprint, incident_id, count, count, first_seen, last_seen, 'firing', '', '[]', ''
        FROM sightings;
    CREATE TABLE episodes (
        id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, incident_id TEXT NOT NULL, at REAL NOT NULL
    );
    CREATE INDEX episodes_by_fingerprint ON episodes (fingerprint, id);
    CREATE INDEX episodes_by_time ON episodes (at);
    INSERT INTO episodes (fingerprint, incident_id, at) SELECT fingerprint, incident_id, first_seen FROM sightings;
    DROP TABLE sightings;
    CREATE TABLE events (
        fingerprint TEXT NOT NULL, event_id TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (fingerprint, event_id)
    ) WITHOUT ROWID;
    CREATE INDEX events_by_time ON events (at);

    CREATE TABLE state (key TEXT PRIMARY KEY, expires_at REAL NOT NULL, body TEXT NOT NULL);
    CREATE INDEX state_by_expiry ON state (expires_at);
    """,
    # Nothing wrote an approval before this step. An audit line's id is its sequence; REPLACE fires no DELETE trigger.
    """
    DROP TABLE approvals;
    CREATE TABLE approvals (
        id TEXT PRIMARY KEY, decision TEXT NOT NULL, created_at REAL NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX approvals_by_decision ON approvals (decision, created_at);
    CREATE TABLE remediations (
        id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, status TEXT NOT NULL, created_at REAL NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX remediations_by_incident ON remediations (incident_id, created_at);
    CREATE INDEX remediations_by_status ON remediations (status, created_at);

    CREATE TABLE audit_head (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);
    CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id >= NEW.id)
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    """,
    "ALTER TABLE events ADD COLUMN incident_id TEXT NOT NULL DEFAULT '';",
    """
    ALTER TABLE spend ADD COLUMN model_calls INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE spend ADD COLUMN tool_calls INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE spend ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
    """,
)
