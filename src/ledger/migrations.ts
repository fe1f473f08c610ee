/**
 * The ledger's tables, as numbered steps. Step n brings a ledger of version n - 1 to version n. A step that has been
 * released is never changed: a new one is added.
 */
export const migrations: readonly string[] = [
  // 1: runs, and what became of their targets
  `CREATE TABLE runs (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     verb TEXT NOT NULL,
     host TEXT NOT NULL,
     targets TEXT NOT NULL,
     started INTEGER NOT NULL,
     finished INTEGER,
     outcome TEXT,
     error_code TEXT,
     error_message TEXT,
     error_hint TEXT,
     files INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     new_bytes INTEGER NOT NULL,
     notes INTEGER NOT NULL,
     problems INTEGER NOT NULL,
     pid INTEGER NOT NULL,
     process_started INTEGER NOT NULL,
     boot TEXT NOT NULL
   ) STRICT;
   CREATE INDEX runs_without_end ON runs (number) WHERE outcome IS NULL;
   CREATE TABLE results (
     run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
     position INTEGER NOT NULL,
     verb TEXT NOT NULL,
     target TEXT NOT NULL,
     outcome TEXT NOT NULL,
     seconds REAL NOT NULL,
     error_code TEXT,
     error_message TEXT,
     error_hint TEXT,
     PRIMARY KEY (run, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE troubles (
     run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
     position INTEGER NOT NULL,
     target TEXT NOT NULL,
     weight TEXT NOT NULL,
     code TEXT NOT NULL,
     path TEXT NOT NULL,
     reason TEXT NOT NULL,
     PRIMARY KEY (run, position)
   ) STRICT, WITHOUT ROWID;`,

  // 2: vaults and their snapshots. Additions and removals are numbered in one order, because a clock may be set back.
  `CREATE TABLE vaults (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL,
     path TEXT NOT NULL,
     snapshots INTEGER NOT NULL,
     first_seen INTEGER NOT NULL,
     last_seen INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX vaults_by_path ON vaults (path);
   CREATE TABLE snapshots (
     vault TEXT NOT NULL,
     place TEXT NOT NULL,
     id TEXT NOT NULL,
     target TEXT NOT NULL,
     schedule TEXT NOT NULL,
     time INTEGER NOT NULL,
     complete INTEGER NOT NULL,
     bytes INTEGER,
     added_at INTEGER,
     added_order INTEGER,
     removed_at INTEGER,
     removed_order INTEGER,
     PRIMARY KEY (vault, place, id)
   ) STRICT;
   CREATE INDEX snapshots_added ON snapshots (added_order);
   CREATE INDEX snapshots_removed ON snapshots (removed_order);
   CREATE INDEX snapshots_of_target ON snapshots (vault, target, schedule);`,

  // 3: the last verification of each snapshot at each level
  `CREATE TABLE verifications (
     vault TEXT NOT NULL,
     snapshot TEXT NOT NULL,
     level TEXT NOT NULL,
     time INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     findings INTEGER NOT NULL,
     PRIMARY KEY (vault, snapshot, level)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE findings (
     vault TEXT NOT NULL,
     snapshot TEXT NOT NULL,
     level TEXT NOT NULL,
     position INTEGER NOT NULL,
     kind TEXT NOT NULL,
     path TEXT NOT NULL,
     reason TEXT NOT NULL,
     PRIMARY KEY (vault, snapshot, level, position),
     FOREIGN KEY (vault, snapshot, level) REFERENCES verifications ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;`,

  // 4: errors in Japanese as well; runs that were recorded before have them in one language
  `ALTER TABLE runs ADD COLUMN error_message_ja TEXT;
   ALTER TABLE runs ADD COLUMN error_hint_ja TEXT;
   ALTER TABLE results ADD COLUMN error_message_ja TEXT;
   ALTER TABLE results ADD COLUMN error_hint_ja TEXT;`,

  // 5: recovery keys of which a person has said that their page lies elsewhere
  `CREATE TABLE kits (
     vault TEXT NOT NULL,
     key TEXT NOT NULL,
     confirmed INTEGER NOT NULL,
     PRIMARY KEY (vault, key)
   ) STRICT, WITHOUT ROWID;`,

  // 6: what locking snapshots has come to, for what is usual; the vault by its place
  `CREATE TABLE locks (
     number INTEGER PRIMARY KEY,
     run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
     vault TEXT NOT NULL,
     target TEXT NOT NULL,
     time INTEGER NOT NULL,
     objects INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     new_objects INTEGER NOT NULL,
     new_bytes INTEGER NOT NULL,
     extended INTEGER NOT NULL,
     puts INTEGER NOT NULL,
     gets INTEGER NOT NULL,
     until INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX locks_of_target ON locks (vault, target, number);`,

  // 7: which vault a target's result is about; of what was recorded before nobody knows
  `ALTER TABLE results ADD COLUMN vault TEXT;`,

  // 8: how many snapshots a vault has only the vault itself knows, and is asked by whoever wants to know
  `ALTER TABLE vaults DROP COLUMN snapshots;`,
];
