import { expect, test } from 'vitest';
import { move } from '../../src/move/move.ts';
import { firstOrmFiles } from '../fixtures/orm-files.ts';
import { moreOrmFiles } from '../fixtures/orm-files-more.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { sourceFile } from '../support/sources.ts';

const database = databaseOfFile();
const files = [...firstOrmFiles, ...moreOrmFiles];

test.each(files.map((file) => [file.tool, file] as const))(
  'a file that %s has written moves with exit 0, its own tables included, into the types it means',
  async (tool, { statements, types, notCreated, notMoved = [], sees }) => {
    const { query: _query, drop: _drop, ...target } = database();
    const schema = tool.toLowerCase();
    const report = await move({ source: sourceFile(...statements), target, schema, jobs: 1 });
    expect([report.verdict, report.exitCode, report.badValues]).toEqual(['equal', 0, []]);
    const found = report.tables.flatMap(({ source: table, columns }) =>
      columns.map(({ source: column, type }) => [`${table}.${column}`, type]),
    );
    expect(Object.fromEntries(found)).toMatchObject(types);
    const left = report.constraints.notCreated.map(({ what, why }) => `${what}: ${why}`);
    expect(left).toEqual(notCreated.map((part) => expect.stringContaining(part) as string));
    expect(report.notMoved.map(({ name }) => name).sort()).toEqual(notMoved);
    for (const [sql, rows] of Object.entries(sees)) expect(await see(schema, sql), sql).toEqual(rows);
  },
);

/** Rows of the target as an application sees it whose tables stand in that schema. */
async function see(schema: string, sql: string): Promise<string[]> {
  const rows = await database().query(`set search_path = ${schema}; ${sql}`);
  const [, { rows: found }] = rows as unknown as [unknown, { rows: Record<string, unknown>[] }];
  return found.map((row) =>
    Object.values(row)
      .map((value) => (value === null ? 'NULL' : typeof value === 'object' ? JSON.stringify(value) : String(value)))
      .join('|'),
  );
}
