import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';
import { freshDatabase } from '../packages/crossfade/test/harness/postgres.ts';
import { serverEnv } from '../packages/crossfade/test/support/cli.ts';
import { documents } from '../packages/crossfade/test/support/documents.ts';
import { expectSameRows } from '../packages/crossfade/test/support/same-rows.ts';
import { numbers, smallSource, sourceFile } from '../packages/crossfade/test/support/sources.ts';

const [runner, bin] = ['run.mjs', '../packages/crossfade/bin/crossfade.mjs'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The command under the Node at one end of what is promised: its report, and its exit status. */
function crossfade(end: string, env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, '--node', end, bin, ...args, '--json'], {
    cwd: tempFolder('home-'),
    // All of it: a Node that is not there yet is fetched as npm is set up here.
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return { status, report: JSON.parse(stdout) as { verdict: string; rows: number; error: unknown } };
}

/** What has differed between Nodes: keys of text in UTF-16 without a rowid, and rowids beyond 2^53. */
function unevenSource(): string {
  return sourceFile(
    "PRAGMA encoding = 'UTF-16le'",
    'CREATE TABLE word (lang TEXT, text TEXT, n INTEGER, PRIMARY KEY (lang, text)) WITHOUT ROWID',
    'CREATE TABLE deep (id INTEGER PRIMARY KEY, n REAL)',
    `${numbers(700)} INSERT INTO word SELECT 'ä€' || (i % 3), char(128512) || i, i FROM n`,
    `${numbers(30)} INSERT INTO deep SELECT 9223372036854775000 + i, i / 7.0 FROM n`,
  );
}

test.each(['oldest', 'newest'])(
  'the %s Node that is promised moves files and documents, and copies them back',
  { timeout: 600_000 },
  async (end) => {
    for (const source of [smallSource(), unevenSource()]) {
      const database = await freshDatabase();
      const env = serverEnv(database);
      expect(crossfade(end, env, 'move', source)).toMatchObject({
        status: 0,
        report: { verdict: 'equal', error: null },
      });
      await expectSameRows(source, database);
      const copy = join(tempFolder(), 'copy.db');
      expect(crossfade(end, env, 'export', '--to', `sqlite:${copy}`)).toMatchObject({
        status: 0,
        report: { verdict: 'equal' },
      });
      await expectSameRows(copy, database);
    }
    const database = await freshDatabase();
    const folder = documents({
      't/a.json': { n: 1, mixed: 'x' },
      't/b.json': { n: 2.5, mixed: [null] },
      'u/x.bin': 'bytes',
    });
    const moved = crossfade(end, serverEnv(database), 'move', `files:${folder}`);
    expect(moved).toMatchObject({ status: 0, report: { verdict: 'equal', rows: 3 } });
    const { rows } = await database.query('select id, n, mixed from t order by id');
    expect(rows).toEqual([
      { id: 'a', n: 1, mixed: 'x' },
      { id: 'b', n: 2.5, mixed: [null] },
    ]);
  },
);
