import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { sourceFile } from '../../../test/support/sources.ts';
import { CrossfadeError } from '../../core/errors.ts';
import { inspectFile, openReadOnly, sourcePath } from './open.ts';

/** The code with which a source is refused. */
function refusal(source: string): string {
  try {
    inspectFile(source);
  } catch (error) {
    if (error instanceof CrossfadeError) return error.code;
    throw error;
  }
  return 'accepted';
}

const filled = () =>
  sourceFile('CREATE TABLE t (a)', "INSERT INTO t SELECT hex(randomblob(500)) FROM json_each('[1,2,3,4,5,6,7,8,9]')");

/** A connection that keeps a WAL with one commit beside the file, for as long as the test runs. */
function walDatabase(path: string): void {
  const writer = new DatabaseSync(path);
  onTestFinished(() => writer.close());
  writer.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a); INSERT INTO t VALUES (7)');
}

test('a whole file is accepted, and what is known of it is true', () => {
  const path = filled();
  expect(inspectFile(`sqlite:${path}`)).toEqual({
    path,
    encoding: 'UTF-8',
    walMode: false,
    hasWal: false,
    bytes: readFileSync(path).length,
  });
});

test.each(['UTF-16le', 'UTF-16be'] as const)('%s is told', (encoding) => {
  expect(inspectFile(sourceFile(`PRAGMA encoding = '${encoding}'`, 'CREATE TABLE t (a)')).encoding).toBe(encoding);
});

test('a mistyped path is refused and no file is made', () => {
  const folder = tempFolder();
  expect(refusal(join(folder, 'nothing.db'))).toBe('E_SOURCE_MISSING');
  expect(refusal(join(folder, 'nothing.db', 'below.db'))).toBe('E_SOURCE_MISSING');
  expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('');
});

test('a link that leads nowhere is a missing file', () => {
  const link = join(tempFolder(), 'link.db');
  symlinkSync(`${link}-gone`, link);
  expect(refusal(link)).toBe('E_SOURCE_MISSING');
});

test('a directory, a device, a pipe and a socket are refused, also behind a link, and nobody waits for them', async () => {
  const folder = tempFolder();
  const [pipe, socket, directory, link] = ['pipe', 'socket', 'directory', 'link'].map((name) => join(folder, name));
  execFileSync('mkfifo', [pipe]);
  mkdirSync(directory);
  symlinkSync(pipe, link);
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((listening) => server.listen(socket, listening));
  for (const path of [directory, '/dev/null', pipe, socket, link])
    expect(refusal(path), path).toBe('E_SOURCE_NOT_A_FILE');
});

test('an empty file, another kind of file and an encrypted one are no SQLite databases', () => {
  const path = join(tempFolder(), 'some.db');
  for (const content of ['', 'CREATE TABLE t (a);\n'.repeat(300), Buffer.alloc(8192, 0xa7)]) {
    writeFileSync(path, content);
    expect(refusal(path)).toBe('E_SOURCE_NOT_SQLITE');
  }
});

test('a file that is cut short is refused, at the end of a page or within one', () => {
  for (const missing of [4096, 100]) {
    const path = filled();
    truncateSync(path, readFileSync(path).length - missing);
    expect(refusal(path)).toBe('E_SOURCE_CORRUPT');
  }
});

test('a damaged schema is refused', () => {
  const path = filled();
  const bytes = readFileSync(path);
  // The type of the first page, behind the header of 100 bytes.
  bytes[100] = 0x63;
  writeFileSync(path, bytes);
  expect(refusal(path)).toBe('E_SOURCE_CORRUPT');
});

test('a path that the system refuses to follow is forbidden, not missing', () => {
  const link = join(tempFolder(), 'link.db');
  symlinkSync(link, link);
  expect(refusal(link)).toBe('E_SOURCE_FORBIDDEN');
});

test('a journal that was left behind needs somebody who may write', () => {
  const path = filled();
  const writer = new DatabaseSync(path);
  writer.exec('PRAGMA cache_size = 1; BEGIN; UPDATE t SET a = a || a');
  const journal = readFileSync(`${path}-journal`);
  const copy = join(tempFolder(), 'copy.db');
  writeFileSync(copy, readFileSync(path));
  writeFileSync(`${copy}-journal`, journal);
  writer.exec('ROLLBACK');
  writer.close();
  expect(refusal(copy)).toBe('E_SOURCE_FORBIDDEN');
  expect(readFileSync(`${copy}-journal`).equals(journal)).toBe(true);
});

test('a file that another process has locked is busy', () => {
  const path = filled();
  const writer = new DatabaseSync(path);
  onTestFinished(() => writer.close());
  writer.exec('BEGIN EXCLUSIVE');
  expect(refusal(path)).toBe('E_SOURCE_BUSY');
});

test('commits in a -wal are seen, also by way of a link in another folder', () => {
  const path = join(tempFolder(), 'live.db');
  walDatabase(path);
  const link = join(tempFolder(), 'link.db');
  symlinkSync(path, link);
  for (const named of [path, link]) {
    const file = inspectFile(named);
    expect(file).toMatchObject({ path, walMode: true, hasWal: true });
    const db = openReadOnly(file.path);
    expect(db.prepare('SELECT a FROM t').all()).toEqual([{ a: 7 }]);
    db.close();
  }
});

test('the connection cannot write', () => {
  const db = openReadOnly(filled());
  onTestFinished(() => db.close());
  expect(() => db.exec('DELETE FROM t')).toThrow(/readonly|read-only/i);
  expect(() => db.exec('PRAGMA user_version = 3')).toThrow(/readonly|read-only/i);
});

test('a path is a path, whatever stands in it', () => {
  expect(sourcePath('/a/file:b?mode=rwc#c%20.db')).toBe('/a/file:b?mode=rwc#c%20.db');
  expect(sourcePath('sqlite:/a/b.db')).toBe('/a/b.db');
  expect(sourcePath('file:b.db')).toBe(join(process.cwd(), 'file:b.db'));
});
