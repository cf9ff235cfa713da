"""The store's tables, as the list of steps that made them.

A file's `user_version` counts the steps it has had. A step that was released is never changed; a new need
is a new step at the end.
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE responses (
            key TEXT PRIMARY KEY,
            model TEXT NOT NULL,
            request TEXT NOT NULL,
            response TEXT NOT NULL,
            usd REAL NOT NULL,
            tokens INTEGER NOT NULL,
            created REAL NOT NULL
        )""",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            file TEXT NOT NULL,
            component TEXT NOT NULL,
            inputs TEXT NOT NULL,
            output TEXT NOT NULL,
            trace TEXT NOT NULL,
            usage TEXT NOT NULL,
            created REAL NOT NULL
        )""",
        "CREATE INDEX runs_by_file ON runs (file, component, created)",
        """CREATE TABLE evaluations (
            id TEXT PRIMARY KEY,
            file TEXT NOT NULL,
            eval TEXT NOT NULL,
            split TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            n INTEGER NOT NULL,
            score REAL,
            low REAL,
            high REAL,
            usage TEXT NOT NULL,
            params TEXT NOT NULL,
            rows TEXT NOT NULL,
            repeats INTEGER NOT NULL,
            created REAL NOT NULL
        )""",
        "CREATE INDEX evaluations_by_file ON evaluations (file, eval, created)",
        """CREATE TABLE optimizations (
            run_id TEXT PRIMARY KEY,
            file TEXT NOT NULL,
            eval TEXT NOT NULL,
            plan_key TEXT NOT NULL,
            status TEXT NOT NULL,
            created REAL NOT NULL
        )""",
        "CREATE INDEX optimizations_by_plan ON optimizations (plan_key, status, created)",
        """CREATE TABLE events (
            run_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            created REAL NOT NULL,
            PRIMARY KEY (run_id, seq)
        )""",
        """CREATE TABLE proposals (
            id TEXT PRIMARY KEY,
            run_id TEXT NOT NULL,
            file TEXT NOT NULL,
            eval TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            status TEXT NOT NULL,
            changes TEXT NOT NULL,
            evidence TEXT NOT NULL,
            created REAL NOT NULL
        )""",
        "CREATE INDEX proposals_by_file ON proposals (file, status, created)",
        """CREATE TABLE holdout_looks (
            holdout_hash TEXT NOT NULL,
            eval TEXT NOT NULL,
            run_id TEXT NOT NULL,
            p REAL NOT NULL,
            alpha REAL NOT NULL,
            created REAL NOT NULL
        )""",
        "CREATE INDEX looks_by_holdout ON holdout_looks (holdout_hash, created)",
    ),
    (
        "ALTER TABLE events ADD COLUMN spent TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE holdout_looks ADD COLUMN candidate TEXT NOT NULL DEFAULT ''",
    ),
    (
        """CREATE TABLE payments (
            id TEXT PRIMARY KEY,
            run_id TEXT NOT NULL,
            calls INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            usd REAL NOT NULL,
            priced INTEGER NOT NULL,
            created REAL NOT NULL,
            settled REAL
        )""",
        "CREATE INDEX payments_by_run ON payments (run_id)",
        "CREATE TABLE stints (run_id TEXT NOT NULL, created REAL NOT NULL)",
        "CREATE INDEX stints_by_run ON stints (run_id)",
        "ALTER TABLE optimizations ADD COLUMN ground TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE optimizations ADD COLUMN used TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE row_sets (name TEXT PRIMARY KEY, digests TEXT NOT NULL, created REAL NOT NULL)",
    ),
    (
        """CREATE TABLE observations (
            key TEXT PRIMARY KEY,
            tool TEXT NOT NULL,
            inputs TEXT NOT NULL,
            output TEXT NOT NULL,
            error TEXT NOT NULL,
            created REAL NOT NULL
        )""",
    ),
    (
        # What a run was called with and what it gave stand in its first call.
        "ALTER TABLE runs DROP COLUMN inputs",
        "ALTER TABLE runs DROP COLUMN output",
        "ALTER TABLE runs ADD COLUMN origin TEXT NOT NULL DEFAULT 'run'",
        "ALTER TABLE runs ADD COLUMN eval TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN evaluation TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN row TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN sample INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN score REAL",
        "ALTER TABLE runs ADD COLUMN error TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN components TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0",
        "UPDATE runs SET components = component, bytes = length(trace)",
        "CREATE INDEX runs_by_time ON runs (created, bytes)",
        "CREATE TABLE texts (hash TEXT PRIMARY KEY, text TEXT NOT NULL, bytes INTEGER NOT NULL, created REAL NOT NULL)",
        "CREATE INDEX texts_by_time ON texts (created, bytes)",
    ),
    (
        """CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            file TEXT NOT NULL,
            component TEXT NOT NULL,
            name TEXT NOT NULL,
            status TEXT NOT NULL,
            inputs TEXT NOT NULL,
            turns TEXT NOT NULL,
            created REAL NOT NULL,
            UNIQUE (file, component, name)
        )""",
        """CREATE TABLE session_steps (
            session_id TEXT NOT NULL,
            place TEXT NOT NULL,
            content TEXT NOT NULL,
            created REAL NOT NULL,
            PRIMARY KEY (session_id, place)
        )""",
    ),
    ("ALTER TABLE sessions ADD COLUMN fingerprint TEXT NOT NULL DEFAULT ''",),
)

TABLES = (
    "responses",
    "runs",
    "texts",
    "evaluations",
    "optimizations",
    "events",
    "payments",
    "stints",
    "proposals",
    "holdout_looks",
    "row_sets",
    "observations",
    "sessions",
    "session_steps",
)
