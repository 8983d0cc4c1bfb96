import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Build, type Held, makeSqlite, moves } from './case.ts';

/** Three rows of one table, and what is to arrive of them. */
export const three = [
  'create table t (id integer primary key, a text)',
  "insert into t values (1, 'one'), (2, 'two'), (3, 'three')",
];
export const threeRows = {
  expect: moves({ 't.a': 'text' }, 3),
  sees: { 'select a from t order by id': ['one', 'two', 'three'] },
};

/** A good file of 2,000 rows, to be damaged. */
function large(folder: string): string {
  return makeSqlite(
    join(folder, 'source.db'),
    'create table t (id integer primary key, a blob)',
    'with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000) insert into t select i, randomblob(200) from n',
  );
}

export function named(name: string): (folder: string) => string {
  return (folder) => makeSqlite(join(folder, name), ...three);
}

/** A file whose path leads to something that is no file. */
export function made(make: (path: string) => void): Build {
  return (folder) => {
    const path = join(folder, 'source.db');
    make(path);
    return path;
  };
}

export function damaged(damage: (bytes: Buffer) => Buffer): Build {
  return (folder) => {
    const path = large(folder);
    writeFileSync(path, damage(readFileSync(path)));
    return path;
  };
}

/** A WAL database whose last rows stand in the -wal alone: the copy is made while its writer still holds it open. */
export function withWal(copied: readonly string[]): (folder: string) => string {
  return (folder) => {
    mkdirSync(join(folder, 'live'));
    const live = join(folder, 'live', 'source.db');
    const db = new DatabaseSync(live);
    db.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0');
    db.exec(three[0]);
    db.exec("insert into t values (1, 'one')");
    db.exec('pragma wal_checkpoint(truncate)');
    db.exec("insert into t values (2, 'two'), (3, 'three')");
    for (const suffix of copied) copyFileSync(`${live}${suffix}`, join(folder, `source.db${suffix}`));
    db.close();
    return join(folder, 'source.db');
  };
}

/** A writer died within a transaction: pages of it stand in the file, and only the journal knows what they were. */
export function withHotJournal(folder: string): string {
  const live = large(folder);
  const db = new DatabaseSync(live);
  db.exec('pragma cache_size = 1; pragma cache_spill = 1; begin; update t set a = zeroblob(200)');
  mkdirSync(join(folder, 'crashed'));
  for (const suffix of ['', '-journal'])
    copyFileSync(`${live}${suffix}`, join(folder, 'crashed', `source.db${suffix}`));
  db.exec('rollback');
  db.close();
  return join(folder, 'crashed', 'source.db');
}

export function lock(path: string): () => void {
  const db = new DatabaseSync(path);
  db.exec('begin exclusive');
  return () => db.close();
}

/** Takes rights away for as long as the move lasts. They do not bind root, so a run as root becomes another user meanwhile. */
export function withoutRights(source: string, closed: string, mode: number): Held {
  const root = process.geteuid?.() === 0;
  return {
    source,
    hold: () => {
      chmodSync(closed, mode);
      if (root) process.seteuid?.(65_534);
      return () => {
        if (root) process.seteuid?.(0);
        chmodSync(closed, 0o755);
      };
    },
  };
}
