import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { copyOut } from '../pg/copy-out.ts';
import { query } from '../pg/connect.ts';
import { ident, join, qualified, type Sql, sql } from '../pg/sql.ts';
import { copyOutStatement, differingBuckets, seedBytes, sumSource, targetSum } from '../verify/verify.ts';
import { compareWith } from './compare.ts';
import { failing } from './halving.ts';
import { comparisonOf } from './pairing.ts';
import type { ListedRow } from './listed-rows.ts';
import type { Stage } from './retry-stage.ts';
import type { OpenSource } from './source.ts';

/**
 * Finds the listed rows whose key stands in the target already. An equal row is what an earlier retry has inserted
 * without being able to say so; any other is nobody's to overwrite, and the listed row stays in the list.
 */
export async function settleKnownKeys(client: pg.Client, stage: Stage): Promise<void> {
  const same = join(
    stage.key.map(({ target, staged }) => sql`${target} = ${staged}`),
    ' and ',
  );
  const { rows } = await query<{ n: string }>(
    client,
    sql`WITH found AS (
        INSERT INTO ${stage.places} (n, part, place) SELECT s.n, t.tableoid, t.ctid FROM ${stage.place} s JOIN ${stage.target} t ON ${same}
        RETURNING n)
      SELECT DISTINCT n FROM found ORDER BY n`,
    'look for the keys of the listed rows',
  );
  const numbers = rows.map(({ n }) => Number(n));
  if (numbers.length === 0) return;
  const rowOf = new Map(stage.pending);
  const rowsOf = (some: readonly number[]): ListedRow[] => some.map((n) => rowOf.get(n) as ListedRow);
  const taken = await failing(numbers, (some) =>
    equalAtPlaces(client, stage, rowsOf(some), { first: some[0], last: some[some.length - 1] }),
  );
  for (const row of rowsOf(taken)) stage.keep(row, { column: null, code: 'E_KEY_TAKEN' });
  const others = new Set(taken);
  stage.present = rowsOf(numbers.filter((n) => !others.has(n)));
  await stage.drop(client, numbers);
  await query(client, sql`DELETE FROM ${stage.places}`, 'forget the rows that were there');
}

/** Reads the inserted rows back, from both sides. Throws E_TARGET_MISMATCH unless every value is equal. */
export async function proveInserted(client: pg.Client, stage: Stage): Promise<void> {
  if (stage.of.existing.partitioned || stage.inserted.length === 0) return;
  if (await equalAtPlaces(client, stage, stage.inserted)) return;
  throw changed(stage);
}

/**
 * A table whose rows cannot be recognised one by one has to be, as a whole, what the source holds without the rows that
 * stay in the list: no row may come twice, or for another one.
 */
export async function isWhole(client: pg.Client, source: OpenSource, stage: Stage): Promise<boolean> {
  const { of, leaveOut } = stage;
  const { schema } = of.table.target;
  const comparison = await comparisonOf(source, of.source, of.columns, schema, of.existing, leaveOut);
  if (typeof comparison === 'string') throw new TypeError(comparison);
  const seed = randomBytes(seedBytes);
  const { equal } = await compareWith(source.pool, comparison, seed, () =>
    sumOutput(client, stage, seed, copyOutStatement(of.table)),
  );
  return equal;
}

/** Of two rows without a key nobody can say which is which, so the list alone does not prove what is to be done. */
export function unproven({ of }: Stage): CrossfadeError {
  const why =
    of.table.key.length === 0 ? 'it has no key' : 'the source is another file than it was, or SQLite has run VACUUM';
  return new CrossfadeError(
    'E_SOURCE_CHANGED',
    `Rows of table ${of.source.name} are named by SQLite's own rowid (${why}), so the table has to hold exactly the other rows of the source, and it does not: the source or the target has changed since the move. Nothing was inserted. Insert the rows by hand, or move the table again into another schema.`,
    { table: of.source.name },
  );
}

/** A default, a trigger or a narrower type of the table has changed a value on its way in. */
export function changed({ of }: Stage): CrossfadeError {
  const { schema, name } = of.table.target;
  return new CrossfadeError(
    'E_TARGET_MISMATCH',
    `Table ${schema}.${name} does not hold the listed rows exactly once they are inserted: its types, or its triggers, change them. Nothing was inserted. Change that table, or insert the rows by hand.`,
    { schema, table: name },
  );
}

/** Numbers of rows in the temporary table, both ends included. */
interface NumberRange {
  readonly first: number;
  readonly last: number;
}

async function equalAtPlaces(
  client: pg.Client,
  stage: Stage,
  rows: readonly ListedRow[],
  only?: NumberRange,
): Promise<boolean> {
  const seed = randomBytes(seedBytes);
  const source = sumSource(stage.read(rows), stage.of.table, seed);
  const target = await sumOutput(client, stage, seed, placesStatement(stage, only));
  return source.rows === rows.length && differingBuckets(source, target).length === 0;
}

/** The rows of the target that were found or inserted, or those with numbers of a range. */
function placesStatement(stage: Stage, only?: NumberRange): string {
  const { columns, target } = stage.of.table;
  const wanted: Sql = qualified(target.schema, target.name);
  const listed = columns.map((column) => `t.${ident(column.target)}`).join(', ');
  const where = only === undefined ? '' : ` WHERE p.n BETWEEN ${BigInt(only.first)} AND ${BigInt(only.last)}`;
  return `COPY (SELECT ${listed} FROM ${stage.places.text} p JOIN ${wanted.text} t ON t.ctid = p.place AND t.tableoid = p.part${where}) TO STDOUT (FORMAT binary)`;
}

async function sumOutput(client: pg.Client, { of }: Stage, seed: Uint8Array, statement: string) {
  const sum = targetSum(of.table, seed);
  await copyOut(client, statement, sum.push);
  return sum.end();
}
