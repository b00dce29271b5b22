/**
 * The tables of the index, version 1.
 *
 * A path is split into its directory, which has a number, and its name: so the
 * children of a directory are one range of one tree, and no index repeats long
 * paths. What a path holds is packed into `record` (record-codec.ts); columns
 * beside it are those that SQL itself has to look at.
 *
 * Times are milliseconds since 1970.
 */
export const SCHEMA_1: string = `
  CREATE TABLE folder (
    num INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    sequence INTEGER NOT NULL DEFAULT 0,
    -- Counted as rows come and go, so that status costs nothing.
    files INTEGER NOT NULL DEFAULT 0,
    directories INTEGER NOT NULL DEFAULT 0,
    symlinks INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    waiting_bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE directory (
    id INTEGER PRIMARY KEY,
    folder INTEGER NOT NULL,
    path TEXT NOT NULL,
    UNIQUE (folder, path)
  ) STRICT;

  -- This device's rows. kind: see local-kind.ts. since: when the winner's content came to be.
  -- content: 48 bits of the content id of a live file.
  CREATE TABLE local (
    directory INTEGER NOT NULL,
    name TEXT NOT NULL,
    folder INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    since INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    size INTEGER NOT NULL,
    content INTEGER,
    record BLOB NOT NULL,
    PRIMARY KEY (directory, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX local_sequence ON local (folder, sequence, size);
  CREATE INDEX local_content ON local (content) WHERE content IS NOT NULL;
  CREATE INDEX local_deleted ON local (folder, sequence) WHERE kind >= 8;

  -- A device that shares a folder: what is stored of its index, and what it has of ours.
  CREATE TABLE peer (
    num INTEGER PRIMARY KEY,
    folder INTEGER NOT NULL,
    device TEXT NOT NULL,
    epoch TEXT NOT NULL DEFAULT '',
    received INTEGER NOT NULL DEFAULT 0,
    acked_epoch TEXT NOT NULL DEFAULT '',
    acked INTEGER NOT NULL DEFAULT 0,
    UNIQUE (folder, device)
  ) STRICT;

  -- Peers' rows. pending: 0 applied or settled, 1 not yet, 2 not yet and with an offered chunk list.
  CREATE TABLE remote (
    peer INTEGER NOT NULL,
    directory INTEGER NOT NULL,
    name TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (peer, directory, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX remote_pending ON remote (peer, sequence) WHERE pending > 0;

  -- Chunk lists as a peer sent them with a pending row: its word, and shortened hashes.
  CREATE TABLE offered_list (
    peer INTEGER NOT NULL,
    directory INTEGER NOT NULL,
    name TEXT NOT NULL,
    list BLOB NOT NULL,
    PRIMARY KEY (peer, directory, name)
  ) STRICT, WITHOUT ROWID;

  -- Paths that have to be worked on: some peer's row is pending, or the disk lacks what the local row names.
  CREATE TABLE waiting (
    folder INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (folder, deleted, parent, name)
  ) STRICT, WITHOUT ROWID;

  -- Chunk lists of whole, verified content. key: 48 bits of the content id.
  CREATE TABLE chunk_list (
    id INTEGER PRIMARY KEY,
    key INTEGER NOT NULL,
    content_id BLOB NOT NULL UNIQUE,
    list BLOB NOT NULL
  ) STRICT;
  -- Lists that nothing referred to when prune last looked.
  CREATE TABLE unused_list (id INTEGER PRIMARY KEY) STRICT;

  -- What paths held before: each value with the time from which and until which it stood.
  CREATE TABLE history (
    directory INTEGER NOT NULL,
    name TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (directory, name, since)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE version (
    id INTEGER PRIMARY KEY,
    folder INTEGER NOT NULL,
    path TEXT NOT NULL,
    version INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    origin TEXT NOT NULL,
    by TEXT NOT NULL,
    stored_as TEXT,
    content INTEGER,
    record BLOB NOT NULL,
    UNIQUE (folder, path, version)
  ) STRICT;
  CREATE INDEX version_kept ON version (folder, id) WHERE stored_as IS NOT NULL;
  CREATE INDEX version_stored ON version (folder, stored_as) WHERE stored_as IS NOT NULL;
  CREATE INDEX version_content ON version (content) WHERE content IS NOT NULL AND stored_as IS NOT NULL;

  CREATE TABLE conflict (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder TEXT NOT NULL,
    path TEXT NOT NULL,
    copy_path TEXT NOT NULL,
    loser BLOB NOT NULL,
    winner BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    resolution TEXT,
    resolved_at INTEGER,
    undo TEXT
  ) STRICT;
  CREATE INDEX conflict_open ON conflict (folder, id) WHERE resolution IS NULL;

  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    folder TEXT,
    path TEXT,
    device TEXT,
    user TEXT,
    data TEXT NOT NULL
  ) STRICT;

  CREATE TABLE note (
    folder TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (folder, key)
  ) STRICT, WITHOUT ROWID;
`;
