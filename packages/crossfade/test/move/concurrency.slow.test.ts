import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { type Fate, faultProxy } from '../support/fault-proxy.ts';
import { expectOneMessage, moveJson, reportOf } from '../support/moves.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { numbers, smallSource, sourceFile } from '../support/sources.ts';
import { expectComplete } from '../support/sweep.ts';
import { loadSchemas } from '../support/traces.ts';

test('of two moves at once of one source into one schema one wins, the other refuses, and the rows stand there once', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const both = await Promise.all([moveJson(source, database), moveJson(source, database)]);
  const [won, lost] = both[0].status === 0 ? both : [both[1], both[0]];
  const code = reportOf(lost).error?.code as string;
  expect(['E_TARGET_BUSY', 'E_TARGET_NOT_EMPTY']).toContain(code);
  expectOneMessage(lost, code, 1);
  await expectComplete(won, source, database, false);
});

test('a move that another one holds up for long says so and does nothing', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let reached = (): void => undefined;
  const loading = new Promise<void>((resolve) => (reached = resolve));
  const proxy = await faultProxy(database, {
    onCall: async ({ type }): Promise<Fate> => {
      if (type !== 'c') return 'forward';
      reached();
      await released;
      return 'forward';
    },
  });
  const first = moveJson(source, { ...database, ...proxy });
  await loading;
  const second = await moveJson(source, database);
  expect(expectOneMessage(second, 'E_TARGET_BUSY', 1)).toMatch(/Another move.*Nothing was done.*Wait/);
  release();
  await expectComplete(await first, source, database, false);
});

test('two sources with the same tables into one schema: one wins, and not a row of the other is among its rows', async () => {
  const database = await freshDatabase();
  const make = (tag: string): string =>
    sourceFile(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)',
      `${numbers(500)} INSERT INTO t SELECT i, '${tag}' FROM n`,
    );
  const sources = [make('one'), make('two')];
  const both = await Promise.all(sources.map((source) => moveJson(source, database)));
  expect(both.map(({ status }) => status).sort()).toEqual([0, 1]);
  await expectSameRows(sources[both[0].status === 0 ? 0 : 1], database);
});

/** Moves money between two tables for ever, in one transaction each: the sum over both stays. Written as its own process. */
const writer = `
  import { DatabaseSync } from 'node:sqlite';
  const db = new DatabaseSync(process.argv[1], { timeout: 10000 });
  const random = (n) => Math.floor(Math.random() * n);
  const step = db.prepare('UPDATE a SET n = n - ? WHERE id = ?');
  const back = db.prepare('UPDATE b SET n = n + ? WHERE id = ?');
  const log = db.prepare('INSERT INTO log (amount) VALUES (?)');
  for (let i = 0; ; i++) {
    const amount = random(100) - 50;
    try {
      db.exec('BEGIN IMMEDIATE');
      step.run(amount, 1 + random(3000));
      log.run(amount);
      back.run(amount, 1 + random(3000));
      db.exec('COMMIT');
      process.stdout.write('.');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      if (error.errcode !== 5) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.argv[2]));
  }`;

test.each([
  ['wal', 1],
  ['delete', 4],
])(
  'a source in journal mode %s that another process writes all the time moves as one state of it',
  async (mode, pauseMs) => {
    const database = await freshDatabase();
    const source = sourceFile(
      `PRAGMA journal_mode = ${mode}`,
      'CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER, pad TEXT)',
      'CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER, pad TEXT)',
      'CREATE TABLE log (id INTEGER PRIMARY KEY, amount INTEGER)',
      ...['a', 'b'].map((t) => `${numbers(3000)} INSERT INTO ${t} SELECT i, 1000, printf('%0500d', i) FROM n`),
    );
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, source, String(pauseMs)]);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const ended = await moveJson(source, database, '--jobs', '2');
    expect(child.exitCode, 'the writer wrote all the time').toBeNull();
    expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' });
    const { rows } = await database.query(
      `select (select sum(n) from a)::int + (select sum(n) from b)::int as sum,
            (select sum(amount) from log)::int = 3000000 - (select sum(n) from a)::int as one_state, (select count(*)::int from log) as written`,
    );
    expect(rows).toEqual([{ sum: 6_000_000, one_state: true, written: expect.any(Number) }]);
    expect(rows[0].written).toBeGreaterThan(0);
    // Journal mode delete keeps the writer waiting until the move has closed the file.
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    const db = new DatabaseSync(source);
    const { written } = db.prepare('SELECT count(*) AS written FROM log').get() as { written: number };
    db.close();
    // More was written than was moved: the move did look at a file that lived.
    expect(written).toBeGreaterThan(rows[0].written);
  },
);

test.each(['wal', 'delete'])(
  'what another process writes and closes in mid-move does not mix into it, in journal mode %s',
  async (mode) => {
    const database = await freshDatabase();
    const source = sourceFile(
      `PRAGMA journal_mode = ${mode}`,
      'CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER, pad TEXT)',
      'CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER, pad TEXT)',
      // More than the page cache of a reader: what was written since would be read from the file.
      ...['a', 'b'].map((t) => `${numbers(3000)} INSERT INTO ${t} SELECT i, 1, printf('%02000d', i) FROM n`),
    );
    const write = `import { DatabaseSync } from 'node:sqlite';
    const db = new DatabaseSync(process.argv[1], { timeout: 300 });
    try { db.exec('BEGIN; UPDATE a SET n = 2; UPDATE b SET n = 2; COMMIT'); process.stdout.write('written'); }
    catch (error) { process.stdout.write(error.message); }
    db.close();`;
    let wrote: string | null = null;
    const proxy = await faultProxy(database, {
      onCall: async ({ text }): Promise<Fate> => {
        if (wrote !== null || !/^COPY .*FROM STDIN/.test(text)) return 'forward';
        wrote = '';
        const child = spawn(process.execPath, ['--input-type=module', '-e', write, source]);
        child.stdout.on('data', (chunk: Buffer) => (wrote += chunk.toString()));
        await once(child, 'close');
        return 'forward';
      },
    });
    const ended = await moveJson(source, { ...database, ...proxy }, '--jobs', '2');
    expect({ status: ended.status, stderr: ended.stderr, wrote }).toEqual({
      status: 0,
      stderr: '',
      // Without a WAL readers and writers exclude one another: it is the writer who has to wait.
      wrote: mode === 'wal' ? 'written' : 'database is locked',
    });
    const { rows } = await database.query('select n from a union select n from b');
    expect(rows).toEqual([{ n: 1 }]);
  },
);

test('a source in WAL mode is read with its WAL, and neither file changes by a byte', async () => {
  const database = await freshDatabase();
  const source = smallSource();
  const holder = new DatabaseSync(source);
  onTestFinished(() => holder.close());
  holder.exec(
    `PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; INSERT INTO setting VALUES ('only in the wal', 'en', 'v')`,
  );
  const digests = (): (string | null)[] =>
    ['', '-wal', '-journal'].map((suffix) =>
      existsSync(source + suffix)
        ? createHash('sha256')
            .update(readFileSync(source + suffix))
            .digest('hex')
        : null,
    );
  const before = digests();
  expect(before.map((digest) => digest !== null)).toEqual([true, true, false]);
  const ended = await runCli(['move', source, '--json'], { env: serverEnv(database) });
  expect(ended.status).toBe(0);
  expect(digests()).toEqual(before);
  expect((await database.query("select count(*)::int as n from setting where k = 'only in the wal'")).rows).toEqual([
    { n: 1 },
  ]);
  await expectSameRows(source, database);
  expect(await loadSchemas(database)).toEqual([]);
});

test('a link to a database in WAL mode leads to its WAL, which stands beside the file and not beside the link', async () => {
  const database = await freshDatabase();
  const source = smallSource();
  const holder = new DatabaseSync(source);
  onTestFinished(() => holder.close());
  holder.exec(
    `PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; INSERT INTO setting VALUES ('only in the wal', 'en', 'v');
     UPDATE visit SET minutes = 12345 WHERE id = 3`,
  );
  const link = join(tempFolder(), 'current.db');
  symlinkSync(source, link);
  const copy = join(tempFolder(), 'without-wal.db');
  copyFileSync(source, copy);
  expect(walRows(copy), 'the WAL was not carried over').toBe(0);
  const ended = await moveJson(link, database);
  expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' });
  expect(reportOf(ended)).toMatchObject({ source: realpathSync(source), warnings: [] });
  const { rows } = await database.query(
    `select (select count(*)::int from setting where k = 'only in the wal') as n, (select minutes from visit where id = 3) as minutes`,
  );
  expect(rows).toEqual([{ n: 1, minutes: 12_345 }]);
  await expectSameRows(source, database);
});

/** How many of the rows that were written last a file holds by itself. */
function walRows(path: string): unknown {
  const db = new DatabaseSync(path);
  try {
    return db.prepare(`SELECT count(*) AS n FROM setting WHERE k = 'only in the wal'`).get()?.n;
  } finally {
    db.close();
  }
}
