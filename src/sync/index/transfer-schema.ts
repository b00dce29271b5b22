/** The tables of version 2: transfers, their files, notices. Times are milliseconds since 1970. */
export const SCHEMA_2: string = `
  CREATE TABLE transfer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    side TEXT NOT NULL,
    direction TEXT NOT NULL,
    device TEXT,
    user TEXT,
    folder TEXT NOT NULL,
    path TEXT NOT NULL,
    local TEXT NOT NULL,
    transport TEXT,
    why TEXT,
    state TEXT NOT NULL,
    code TEXT,
    message TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    request TEXT,
    files INTEGER NOT NULL DEFAULT 0,
    file_bytes INTEGER NOT NULL DEFAULT 0,
    wire_bytes INTEGER NOT NULL DEFAULT 0,
    saved_delta INTEGER NOT NULL DEFAULT 0,
    saved_reuse INTEGER NOT NULL DEFAULT 0,
    saved_compression INTEGER NOT NULL DEFAULT 0,
    UNIQUE (key, side)
  ) STRICT;
  CREATE INDEX transfer_started ON transfer (started_at);
  CREATE INDEX transfer_open ON transfer (state) WHERE ended_at IS NULL;

  CREATE TABLE transfer_file (
    transfer INTEGER NOT NULL,
    number INTEGER NOT NULL,
    path TEXT NOT NULL,
    stored_as TEXT,
    file_bytes INTEGER NOT NULL,
    wire_bytes INTEGER NOT NULL,
    saved_delta INTEGER NOT NULL,
    saved_reuse INTEGER NOT NULL,
    saved_compression INTEGER NOT NULL,
    hash TEXT,
    duration_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    message TEXT,
    PRIMARY KEY (transfer, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder TEXT NOT NULL,
    path TEXT NOT NULL,
    owner TEXT NOT NULL,
    device TEXT NOT NULL,
    user TEXT,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    from_device TEXT,
    delivered_at INTEGER,
    read_at INTEGER
  ) STRICT;
  CREATE INDEX notice_waiting ON notice (owner) WHERE delivered_at IS NULL;
  CREATE INDEX notice_unread ON notice (id) WHERE read_at IS NULL;
`;
