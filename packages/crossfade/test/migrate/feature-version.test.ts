import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { backfill } from '../../src/migrate/expand/backfill.ts';
import { dropColumn } from '../../src/migrate/expand/drop-column.ts';
import { dualColumns } from '../../src/migrate/expand/dual-columns.ts';
import { notNullSteps, runSafely } from '../../src/migrate/expand/safe-constraints.ts';
import { refusal } from '../harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { assessmentsTable, featureColumns, featuresV1, featuresV2 } from '../support/diabrisk.ts';
import { schemaOf } from '../support/schema-of.ts';

const dual = dualColumns(featureColumns);
type Column = 'features' | 'features_v2';
const shapeOf = { features: featuresV1, features_v2: featuresV2 };

/** Releases of the application: each knows one column, writes by it, and looks at every row by it. */
async function release(database: TestDatabase, column: Column) {
  const { query: _query, drop: _drop, display: _display, tls: _tls, ...rest } = database;
  const client = new pg.Client({ ...rest, ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  const shape = shapeOf[column];
  let [turns, rowsSeen, next, isLive] = [0, 0, column === 'features' ? 100_001 : 200_001, true];
  const wrong: unknown[] = [];
  const turn = async (): Promise<void> => {
    const n = next++;
    await client.query(`INSERT INTO assessments (n, ${column}) VALUES ($1, $2)`, [n, shape(n)]);
    await client.query(
      `UPDATE assessments SET n = $1, ${column} = $2 WHERE id = (SELECT id FROM assessments WHERE n < 100000 ORDER BY random() LIMIT 1)`,
      [(n % 9_000) + 1, shape((n % 9_000) + 1)],
    );
    const { rows } = await client.query<{ n: number; value: object }>(`SELECT n, ${column} AS value FROM assessments`);
    rowsSeen += rows.length;
    for (const { n: of, value } of rows) if (!same(value, shape(of))) wrong.push({ column, of, value });
    turns++;
  };
  const done = (async () => {
    while (isLive) await turn();
  })();
  done.catch(() => undefined);
  const stop = async () => {
    isLive = false;
    await done;
    return { turns, rowsSeen, wrong };
  };
  return { stop };
}

const sorted = (value: object): string =>
  JSON.stringify(Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
const same = (a: object, b: object): boolean => sorted(a) === sorted(b);

async function disagreeing(database: TestDatabase): Promise<number> {
  const { rows } = await database.query(
    `SELECT count(*)::int AS n FROM assessments WHERE features_v2 IS DISTINCT FROM (${featureColumns.forward('features')})`,
  );
  return rows[0].n as number;
}

test('a new version of the features comes in and the old one goes, while both releases read and write every row right', async () => {
  const database = await freshDatabase();
  for (const statement of assessmentsTable(3_000)) await database.query(statement);
  const before = await schemaOf(database);
  const old = await release(database, 'features');

  const expand = `ALTER TABLE assessments ADD COLUMN features_v2 jsonb;\n${dual.expand}`;
  await database.query(expand);
  // The way back, while it is one: nothing of the old release has noticed.
  await database.query(`${dual.collapse}\nALTER TABLE assessments DROP COLUMN features_v2`);
  expect(await schemaOf(database)).toEqual(before);
  await database.query(expand);

  const filled = await backfill({ target: database, table: 'assessments', key: ['id'], batchRows: 200, ...dual.fill });
  expect(filled.batches).toBeGreaterThan(15);
  expect(await disagreeing(database)).toBe(0);
  const place = { table: 'assessments', column: 'features_v2' };
  await runSafely(database, notNullSteps(place));

  const fresh = await release(database, 'features_v2');
  const early = await refusal(dropColumn({ target: database, dual: featureColumns, quietSeconds: 60 }));
  expect([early.code, early.facts.column]).toEqual(['E_COLUMN_IN_USE', 'features']);
  const bothLived = await disagreeing(database);

  const gone = await old.stop();
  await dropColumn({ target: database, dual: featureColumns, quietSeconds: 0 });
  const stayed = await fresh.stop();

  expect({ wrong: gone.wrong.slice(0, 1), bothLived }).toEqual({ wrong: [], bothLived: 0 });
  expect(stayed.wrong.slice(0, 1)).toEqual([]);
  for (const { turns, rowsSeen } of [gone, stayed]) expect(rowsSeen).toBeGreaterThanOrEqual(turns * 3_000);
  expect(Math.min(gone.turns, stayed.turns)).toBeGreaterThan(0);
  const after = await schemaOf(database);
  expect(after.filter((part) => /trigger|sequence| features /.test(part) || part.includes('.features '))).toEqual([]);
  expect(after.some((part) => /^column assessments\.features_v2 #\d+ jsonb t/.test(part))).toBe(true);
});
