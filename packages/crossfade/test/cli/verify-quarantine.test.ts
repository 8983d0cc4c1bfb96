import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { VerifyReport } from '../../src/move/verify.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { type Ended, runCli, serverEnv } from '../support/cli.ts';
import { expectOneMessage } from '../support/moves.ts';
import { quarantined } from '../support/rejects.ts';
import { addUnheldRow, smallSource } from '../support/sources.ts';

async function verified(
  source: string,
  database: TestDatabase,
  ...more: readonly string[]
): Promise<Ended & { report: VerifyReport }> {
  const ended = await runCli(['verify', source, '--json', ...more], { env: serverEnv(database) });
  return { ...ended, report: JSON.parse(ended.stdout) as VerifyReport };
}

async function moved(): Promise<{ source: string; database: TestDatabase; list: string }> {
  const [database, source] = [await freshDatabase(), smallSource()];
  addUnheldRow(source);
  return { source, database, list: await quarantined(source, database) };
}

test('listed rows are expected to be absent; without the list they are missing', async () => {
  const { source, database, list } = await moved();
  const without = await verified(source, database);
  expect([without.status, without.report.differences]).toEqual([
    1,
    [{ table: 'person', key: '9000', kind: 'missing', columns: [] }],
  ]);
  const { status, report } = await verified(source, database, '--quarantine', list);
  expect([status, report.verdict, report.differences]).toEqual([0, 'equal', []]);
  expect(report.tables.map(({ source: table, rows, withheld }) => [table, rows, withheld])).toEqual([
    ['nothing_yet', 0, 0],
    ['person', 60, 1],
    ['setting', 50, 0],
    ['visit', 200, 0],
  ]);
  const text = await runCli(['verify', source, '--quarantine', list], { env: serverEnv(database) });
  expect(text.stdout).toMatch(
    /^Equal: all other 310 rows .* of the rows that are listed as withheld \(1\) none is there\.\n$/,
  );
});

test('a listed row that is there is a difference, and so is any other that is missing', async () => {
  const { source, database, list } = await moved();
  await database.query("insert into person (id, email) values (9000, 'nul@example.org')");
  await database.query('delete from visit where id = 3');
  const { status, report } = await verified(source, database, '--quarantine', list);
  expect([status, report.verdict, report.differences]).toEqual([
    1,
    'different',
    [
      { table: 'person', key: '9000', kind: 'extra', columns: [] },
      { table: 'visit', key: '3', kind: 'missing', columns: [] },
    ],
  ]);
});

test('a list that is none, or of another source, is refused before anything is compared', async () => {
  const { source, database, list } = await moved();
  writeFileSync(list, readFileSync(list, 'utf8').replaceAll('"person"', '"people"'));
  const other = await verified(source, database, '--quarantine', list);
  expect(expectOneMessage(other, 'E_REJECTS_INVALID', 2)).toMatch(/no table "people"/);
  expect(other.report).toMatchObject({ verdict: 'failed', exitCode: 2, source, tables: [] });
  const none = await verified(source, database, '--quarantine', source);
  expectOneMessage(none, 'E_REJECTS_INVALID', 2);
});
