import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type NastyCase, moves, refused, sqlite } from './case.ts';
import { damaged, lock, made, named, three, threeRows, withHotJournal, withoutRights, withWal } from './file-states.ts';

/** What stands at the path where a SQLite file should be. */
export const files: readonly NastyCase[] = [
  {
    name: 'a path with spaces, #, ?, %, unicode and quotes',
    build: named(`my #1 dätä? 100%20 'x' "y".db`),
    ...threeRows,
  },
  { name: 'a path without an extension that begins with file:', build: named('file:odd'), ...threeRows },
  { name: 'a path as sqlite:PATH', build: (folder) => `sqlite:${named('with space.db')(folder)}`, ...threeRows },
  {
    name: 'a path where nothing is: no file is made there',
    build: (folder) => join(folder, 'mistyped.db'),
    expect: refused('E_SOURCE_MISSING'),
  },
  { name: 'a directory', build: made((path) => mkdirSync(path)), expect: refused('E_SOURCE_NOT_A_FILE') },
  {
    name: 'a pipe, which would wait for ever',
    build: made((path) => spawnSync('mkfifo', [path])),
    expect: refused('E_SOURCE_NOT_A_FILE'),
  },
  { name: 'a device', build: () => '/dev/zero', expect: refused('E_SOURCE_NOT_A_FILE') },
  { name: 'an empty file', build: made((path) => writeFileSync(path, '')), expect: refused('E_SOURCE_NOT_SQLITE') },
  {
    name: 'a text file',
    build: made((path) => writeFileSync(path, 'id,a\n1,one\n'.repeat(500))),
    expect: refused('E_SOURCE_NOT_SQLITE'),
  },
  {
    name: 'a file shorter than a header, with its beginning',
    build: made((path) => writeFileSync(path, 'SQLite format 3\0')),
    expect: refused('E_SOURCE_NOT_SQLITE'),
  },
  {
    name: 'a header with noise behind it, as an encrypted file has',
    build: damaged((bytes) => Buffer.concat([bytes.subarray(0, 16), Buffer.alloc(bytes.length - 16, 0xa7)])),
    expect: refused('E_SOURCE_NOT_SQLITE'),
  },
  {
    name: 'a link to a file is followed',
    build: (folder) => {
      const path = named('real.db')(folder);
      symlinkSync(path, join(folder, 'link.db'));
      return join(folder, 'link.db');
    },
    ...threeRows,
  },
  {
    name: 'a link to nothing',
    build: made((path) => symlinkSync(`${path}.gone`, path)),
    expect: refused('E_SOURCE_MISSING'),
  },
  {
    name: 'one page overwritten',
    build: damaged((bytes) =>
      Buffer.concat([bytes.subarray(0, 40_960), Buffer.alloc(4_096, 0x5a), bytes.subarray(45_056)]),
    ),
    expect: refused('E_SOURCE_CORRUPT'),
  },
  {
    name: 'the second half missing',
    build: damaged((bytes) => bytes.subarray(0, bytes.length / 2)),
    expect: refused('E_SOURCE_CORRUPT'),
  },
  {
    name: 'the last byte missing, which SQLite reads as a zero within a blob',
    build: damaged((bytes) => bytes.subarray(0, -1)),
    expect: refused('E_SOURCE_CORRUPT'),
  },
  {
    name: 'a file that a download filled up with zeros',
    build: damaged((bytes) => Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.alloc(bytes.length / 2)])),
    expect: refused('E_SOURCE_CORRUPT'),
  },
  {
    name: 'a file format from the future',
    build: damaged((bytes) => {
      bytes[18] = 9;
      bytes[19] = 9;
      return bytes;
    }),
    expect: refused('E_SOURCE_NOT_SQLITE'),
  },
  { name: 'a WAL database with rows in its -wal alone', build: withWal(['', '-wal']), ...threeRows },
  {
    name: 'a WAL database that its application has open, with rows in the -wal alone',
    build: (folder, done) => {
      const path = join(folder, 'source.db');
      const db = new DatabaseSync(path);
      db.exec(`pragma journal_mode = wal; pragma wal_autocheckpoint = 0; ${three.join(';')}`);
      done(() => db.close());
      return path;
    },
    ...threeRows,
  },
  {
    name: 'a WAL database copied without its -wal: its state is moved, and the doubt is said',
    build: withWal(['']),
    expect: moves({ 't.a': 'text' }, 1, { warns: ['WAL'] }),
    sees: { 'select a from t': ['one'] },
  },
  {
    name: 'a WAL cut off within its last transaction ends with the one before',
    build: (folder) => {
      const path = withWal(['', '-wal'])(folder);
      truncateSync(`${path}-wal`, 32 + 24 + 100);
      return path;
    },
    expect: moves({ 't.a': 'text' }, 1),
    sees: { 'select a from t': ['one'] },
  },
  {
    name: 'a journal that a dead writer left: what the file shows was never committed',
    build: withHotJournal,
    expect: refused('E_SOURCE_FORBIDDEN'),
  },
  {
    name: 'a file that another connection has locked',
    build: (folder) => {
      const source = named('source.db')(folder);
      return { source, hold: () => lock(source) };
    },
    expect: refused('E_SOURCE_BUSY'),
  },
  {
    name: 'a file that may not be read',
    build: (folder) => withoutRights(named('source.db')(folder), join(folder, 'source.db'), 0o000),
    expect: refused('E_SOURCE_FORBIDDEN'),
  },
  {
    name: 'a WAL database in a folder that may not be written',
    build: (folder) => {
      mkdirSync(join(folder, 'closed'));
      const path = withWal([''])(folder);
      renameSync(path, join(folder, 'closed', 'source.db'));
      return withoutRights(join(folder, 'closed', 'source.db'), join(folder, 'closed'), 0o555);
    },
    expect: refused('E_SOURCE_FORBIDDEN'),
  },
  {
    name: 'pages of 512 bytes, of 64 KB, and a file that vacuums itself',
    build: sqlite(
      'pragma page_size = 65536; pragma auto_vacuum = full',
      ...three,
      'create table big (a text)',
      "insert into big values (printf('%.*c', 300000, 'x'))",
      'delete from big',
    ),
    expect: moves({ 't.a': 'text' }, 3),
  },
  {
    name: 'pages of 512 bytes with values over many of them',
    build: sqlite('pragma page_size = 512', ...three, "insert into t values (4, printf('%.*c', 300000, 'x'))"),
    expect: moves({}, 4),
    sees: { 'select length(a) from t where id = 4': ['300000'] },
  },
  {
    name: 'a database without a table',
    build: sqlite('pragma user_version = 7', 'create table x (a)', 'drop table x'),
    expect: moves({}, 0),
  },
];
