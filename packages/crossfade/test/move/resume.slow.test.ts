import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import type { Ended } from '../support/cli.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { expectOneMessage, moveJson, moveKilledAt, reportOf } from '../support/moves.ts';
import { smallSource } from '../support/sources.ts';
import { expectComplete } from '../support/sweep.ts';
import { checkpoints, loadSchemas, publishedTables } from '../support/traces.ts';

/** A move that loses its connection at the first call whose text fits. */
async function brokenAt(text: RegExp, source: string, database: TestDatabase, ...more: string[]): Promise<Ended> {
  const proxy = await faultProxy(database, {
    onCall: (call, link) => {
      if (text.test(call.text)) link.cut();
      return 'forward';
    },
  });
  const ended = await moveJson(source, { ...database, ...proxy }, ...more);
  expectOneMessage(ended, 'E_TARGET_LOST', 1);
  return ended;
}

/** The moment at which everything is loaded and nothing has its index. */
const loaded = /ADD CONSTRAINT "nothing_yet_pkey"/;

test('a source that has changed since the interrupted run is refused, and nothing of that run is lost by it', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(loaded, source, database);
  change(source, "INSERT INTO setting VALUES ('new', 'en', 'v')");
  const before = await checkpoints(database);
  const refused = await moveJson(source, database);
  expect(expectOneMessage(refused, 'E_SOURCE_CHANGED', 1)).toMatch(/has changed.*Nothing was published.*--restart/);
  expect(await checkpoints(database)).toEqual(before);
  expect(await publishedTables(database)).toEqual([]);
});

test('a value changed in place, without a new row or byte, is noticed as well', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(loaded, source, database);
  change(source, "UPDATE setting SET v = 'V7' WHERE k = 'key7'");
  expectOneMessage(await moveJson(source, database), 'E_SOURCE_CHANGED', 1);
});

test('a change that the file system does not show, by inode, size or time, never ends with exit 0', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(loaded, source, database);
  const before = statSync(source, { bigint: true });
  const remembered = `${source}.time`;
  writeFileSync(remembered, '');
  copyTime(source, remembered);
  change(source, "INSERT INTO setting VALUES ('zz beyond the last key', 'en', 'v')");
  copyTime(remembered, source);
  const after = statSync(source, { bigint: true });
  expect([after.ino, after.size, after.mtimeNs]).toEqual([before.ino, before.size, before.mtimeNs]);
  const ended = await moveJson(source, database);
  expect(ended.status).toBe(1);
  expect(await publishedTables(database)).toEqual([]);
});

test.each([
  ['other types', ['--types', 'plain']],
  ['other names', ['--names', 'snake', '--only', 'setting']],
  ['other tables', ['--except', 'setting']],
  ['another rule', ['--rule', 'person.created_at=text']],
])('an interrupted run is not continued with %s', async (_, options) => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(loaded, source, database);
  const refused = await moveJson(source, database, ...options);
  expect(expectOneMessage(refused, 'E_SOURCE_CHANGED', 1)).toMatch(/other options.*--restart/);
  await expectComplete(await moveJson(source, database), source, database, false);
});

test('what another version of the command has left is refused as such, and --restart takes it away', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(loaded, source, database);
  const [schema] = await loadSchemas(database);
  await database.query(`alter table "${schema}"."crossfade:run" rename column design to plan`);
  const refused = await moveJson(source, database);
  expect(expectOneMessage(refused, 'E_SOURCE_CHANGED', 1)).toMatch(/another version.*--restart/);
  await expectComplete(await moveJson(source, database, '--restart'), source, database, false);
});

test('--restart moves what the source holds now, and leaves everything that is not the run alone', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(loaded, source, database);
  await database.query(`create table theirs (id int primary key); insert into theirs values (1);
    create schema crossfade_load_other; create table crossfade_load_other.t (a int); insert into crossfade_load_other.t values (7)`);
  change(source, "UPDATE setting SET v = 'V7' WHERE k = 'key7'");
  const ended = await moveJson(source, database, '--restart');
  expect({ status: ended.status, verdict: reportOf(ended).verdict }).toEqual({ status: 0, verdict: 'equal' });
  const { rows } = await database.query(`select v from setting where k = 'key7' union all select id::text from theirs
    union all select a::text from crossfade_load_other.t order by 1`);
  expect(rows.map(({ v }) => v)).toEqual(['1', '7', 'V7']);
  expect(await loadSchemas(database)).toEqual(['crossfade_load_other']);
});

test('a run that was killed after it had published gives its report once more, and then the tables stand in the way', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const killed = await moveKilledAt(/^SELECT c.relname AS name/, 'before', ['move', source, '--json'], database);
  expect(killed.signal).toBe('SIGKILL');
  expect(await publishedTables(database)).toContain('person');
  const again = await moveJson(source, database);
  expect({ ...reportOf(again), seconds: null }).toEqual({ ...reportOf(killed), seconds: null });
  await expectComplete(again, source, database, false);
  expectOneMessage(await moveJson(source, database), 'E_TARGET_NOT_EMPTY', 1);
});

test('after a failed publication nothing is to be seen, and the same command completes it', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(/ADD CONSTRAINT "visit_person_id_fkey"/, source, database);
  expect(await publishedTables(database)).toEqual([]);
  await expectComplete(await moveJson(source, database), source, database, false);
});

test.each([0, 500, 3_000, 9_000])(
  'a connection cut after %i bytes: one sentence, and the same command ends equal',
  async (bytes) => {
    const [database, source] = [await freshDatabase(), smallSource()];
    const proxy = await faultProxy(database, { onBytes: (total, link) => total > bytes && link.cut() });
    const ended = await moveJson(source, { ...database, ...proxy });
    expectOneMessage(ended, bytes < 1_000 ? 'E_TARGET_UNREACHABLE' : 'E_TARGET_LOST', 1);
    expect(await publishedTables(database)).toEqual([]);
    await expectComplete(await moveJson(source, database), source, database, false);
  },
);

test('rows that somebody changes among the loaded ones before the run goes on are found, and nothing is published', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await brokenAt(loaded, source, database);
  const [schema] = await loadSchemas(database);
  await database.query(`update "${schema}".visit set minutes = minutes + 1 where id in (3, 6)`);
  const ended = await moveJson(source, database);
  const report = reportOf(ended);
  expect({ status: ended.status, verdict: report.verdict }).toEqual({ status: 1, verdict: 'failed' });
  expect(report.differences).toEqual([
    { table: 'visit', key: '3', kind: 'different', columns: ['minutes'] },
    { table: 'visit', key: '6', kind: 'different', columns: ['minutes'] },
  ]);
  expect(await publishedTables(database)).toEqual([]);
});

function change(source: string, statement: string): void {
  const db = new DatabaseSync(source);
  db.exec(statement);
  db.close();
}

/** To the nanosecond, which Node cannot set. */
function copyTime(from: string, to: string): void {
  expect(spawnSync('touch', ['-r', from, to]).status).toBe(0);
}
