import { expect, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { move } from '../../src/move/move.ts';
import { plan } from '../../src/move/plan.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { sourceFile } from '../support/sources.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { loadSchemas, publishedTables } from '../support/traces.ts';

const database = databaseOfFile();
const list = (count: number, each: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => each(i)).join(', ');

/** So many columns, a row of NULLs, and one of such values, which is the widest. */
function wide(columns: number, value: string, [key, storage] = ['', '']): string {
  return sourceFile(
    `CREATE TABLE t (id TEXT ${key}, ${list(columns, (i) => `c${i} BLOB`)}) ${storage}`,
    ...['a', 'b', 'c'].map((id) => `INSERT INTO t (id) VALUES ('${id}')`),
    `UPDATE t SET ${list(columns, (i) => `c${i} = ${value}`)} WHERE id = 'b'`,
  );
}

test.each([
  ['short texts', () => wide(600, "'fourteen bytes'")],
  ['long texts, moved out of line as far as may be', () => wide(500, 'hex(randomblob(50))')],
])('a row that is too wide for a page is named before anything is loaded: %s', async (_, build) => {
  const source = build();
  const proxy = await faultProxy(database());
  const { query: _query, drop: _drop, ...target } = { ...database(), ...proxy };
  const refused = (await move({ source, target, jobs: 1 }).catch((error: unknown) => error)) as CrossfadeError;
  expect(refused).toMatchObject({
    code: 'E_TARGET_REFUSED',
    exitCode: 1,
    facts: { table: 't', row: 'rowid 2', sqlstate: '54000' },
  });
  expect(refused.message).toMatch(
    /^Table t has \d+ columns, and its widest row \(rowid 2\) does not fit into a page .* Nothing was published\. Split the table/,
  );
  expect(
    proxy.texts().filter((text) => text.startsWith('COPY')),
    'one row was tried, and no other',
  ).toHaveLength(1);
  expect([await publishedTables(database()), await loadSchemas(database())]).toEqual([[], []]);
});

test('a plan and a dry run warn of it, with the row and the way out', async () => {
  const source = wide(600, "'fourteen bytes'");
  const warning = expect.stringMatching(
    /^Table "t" has 601 columns, and its widest row \(rowid 2\) takes about 9\d{3} bytes of the 8160 that a row of PostgreSQL has: it will likely be refused\. Split/,
  ) as string;
  expect((await plan({ source, jobs: 1 })).warnings).toEqual([warning]);
  const { query: _query, drop: _drop, ...target } = database();
  expect(await move({ source, target, jobs: 1, dryRun: true })).toMatchObject({
    verdict: 'planned',
    warnings: [warning],
  });
});

test.each([
  ['400 long texts', () => wide(400, 'hex(randomblob(500))')],
  ['a key instead of rowids', () => wide(400, "'fifteen letters'", ['PRIMARY KEY', 'WITHOUT ROWID'])],
])('a wide row that fits is moved: %s', async (name, build) => {
  const { query, drop: _drop, ...target } = database();
  const [source, schema] = [build(), `wide_${name.length}`];
  const report = await move({ source, target, jobs: 1, schema });
  expect([report.verdict, report.rows]).toEqual(['equal', 3]);
  expect((await query(`select count(*)::int as n, count(c0)::int as filled from ${schema}.t`)).rows).toEqual([
    { n: 3, filled: 1 },
  ]);
});
