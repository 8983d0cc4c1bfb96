import type pg from 'pg';
import { displayKey, plainKey } from '../core/key-text.ts';
import type { CrossfadeError } from '../core/errors.ts';
import { query, transaction } from '../pg/connect.ts';
import { join, name, qualified, sql, trusted } from '../pg/sql.ts';
import { addForeignKey, type DdlStep, finishTable } from '../schema/ddl.ts';
import type { NotCreated, TargetForeignKey, TargetTable } from '../schema/model.ts';

/** What became of keys, indexes and constraints. */
export interface Finished {
  created: number;
  readonly notCreated: NotCreated[];
}

/** How many orphans of a foreign key the report names; their number is always exact. */
const orphansNamedMax = 100;

/** Refusals that are about the rows, not about the run: the constraint is left out or made NOT VALID, and reported. */
const rowRefusals: Readonly<Record<string, string>> = {
  '23505': 'two rows have equal values in it',
  '23503': 'rows refer to parents that are not there',
  '23514': 'rows break it',
  '23502': 'rows hold NULL in it',
  '54000': 'a value is too large for an index entry',
  '54011': 'it has more columns than PostgreSQL takes in one index',
  '42704': 'its type has no ordering in PostgreSQL',
  '42830': 'the columns it refers to are not unique',
  '42804': 'its types do not fit',
};

/** Makes the keys, indexes and checks of one table, as far as an interrupted run has not made them already. */
export async function finishOne(
  client: pg.Client,
  schema: string,
  table: TargetTable,
  finished: Finished,
): Promise<void> {
  for (const step of finishTable(schema, table)) await runStep(client, schema, table, step, inOwnTransaction, finished);
}

/** Makes one foreign key within the caller's transaction; with orphans it is made for new rows only, and its orphans are named. */
export async function finishForeignKey(
  client: pg.Client,
  schema: string,
  table: TargetTable,
  key: TargetForeignKey,
  parentSchema: string,
  showValues: boolean,
  finished: Finished,
): Promise<void> {
  const step = addForeignKey(schema, table, key, parentSchema);
  const valid = await runStep(client, schema, table, step, behindSavepoint, finished);
  if (valid !== 'not valid') return;
  finished.notCreated.push({
    what: `validation of ${step.what}`,
    why: await describeOrphans(client, schema, table, key, parentSchema, showValues),
  });
}

async function runStep(
  client: pg.Client,
  schema: string,
  table: TargetTable,
  step: DdlStep,
  attempt: Attempt,
  finished: Finished,
): Promise<'valid' | 'not valid' | 'missing'> {
  const state = await stateOf(client, schema, table, step);
  if (state !== 'missing') {
    finished.created++;
    if (state === 'not valid' && !step.what.startsWith('foreign key'))
      finished.notCreated.push({ what: `validation of ${step.what}`, why: rowRefusals['23514'] });
    return state;
  }
  const refused = await attempt(client, step.sql);
  if (refused === null) {
    finished.created++;
    return 'valid';
  }
  const why = rowRefusals[String(refused.facts.sqlstate)];
  if (why === undefined) throw refused;
  if (step.notValid === null) {
    finished.notCreated.push({ what: step.what, why });
    return 'missing';
  }
  const weaker = await attempt(client, step.notValid);
  if (weaker !== null) throw weaker;
  finished.created++;
  if (!step.what.startsWith('foreign key')) finished.notCreated.push({ what: `validation of ${step.what}`, why });
  return 'not valid';
}

/** Runs one statement so that its refusal undoes it alone: in a transaction of its own, or within the caller's. */
type Attempt = (client: pg.Client, text: string) => Promise<CrossfadeError | null>;

const inOwnTransaction: Attempt = async (client, text) => {
  try {
    await transaction(client, async () => {
      await query(client, sql`SET LOCAL maintenance_work_mem = '256MB'`, 'prepare for building an index');
      await query(client, trusted(text), 'make a key, index or check');
    });
    return null;
  } catch (error) {
    return error as CrossfadeError;
  }
};

const behindSavepoint: Attempt = async (client, text) => {
  await query(client, sql`SAVEPOINT step`, 'set a savepoint');
  try {
    await query(client, trusted(text), 'make a foreign key');
    return null;
  } catch (error) {
    await query(client, sql`ROLLBACK TO SAVEPOINT step`, 'return to a savepoint');
    return error as CrossfadeError;
  }
};

async function stateOf(
  client: pg.Client,
  schema: string,
  table: TargetTable,
  step: DdlStep,
): Promise<'valid' | 'not valid' | 'missing'> {
  if (step.exists.kind === 'relation') {
    const { rows } = await query(
      client,
      sql`SELECT 1 AS one FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${schema} AND c.relname = ${step.exists.name}`,
      'look for an index',
    );
    return rows.length > 0 ? 'valid' : 'missing';
  }
  const { rows } = await query<{ valid: string }>(
    client,
    sql`SELECT convalidated AS valid FROM pg_catalog.pg_constraint WHERE conrelid = ${qualified(schema, table.name).text}::pg_catalog.regclass AND conname = ${step.exists.name}`,
    'look for a constraint',
  );
  if (rows.length === 0) return 'missing';
  return rows[0].valid === 't' ? 'valid' : 'not valid';
}

/** Names the rows whose parent is not there, by the child's key. */
async function describeOrphans(
  client: pg.Client,
  schema: string,
  table: TargetTable,
  key: TargetForeignKey,
  parentSchema: string,
  showValues: boolean,
): Promise<string> {
  const keyColumns = table.primaryKey?.columns ?? key.columns;
  const matches = join(
    key.columns.map((column, i) => sql`p.${name(key.parentColumns[i])} = c.${name(column)}`),
    ' and ',
  );
  const filled = join(
    key.columns.map((column) => sql`c.${name(column)} IS NOT NULL`),
    ' and ',
  );
  const condition = sql`FROM ${qualified(schema, table.name)} c WHERE ${filled} AND NOT EXISTS (SELECT FROM ${qualified(parentSchema, key.parent)} p WHERE ${matches})`;
  const { rows } = await query<Record<string, string>>(client, sql`SELECT count(*) AS n ${condition}`, 'count orphans');
  const named = await query<Record<string, string>>(
    client,
    sql`SELECT ${join(keyColumns.map((column, i) => sql`c.${name(column)}::text AS ${name(`k${i}`)}`))} ${condition} ORDER BY ${join(keyColumns.map((column) => sql`c.${name(column)}`))} LIMIT ${orphansNamedMax}`,
    'name orphans',
  );
  const keys = named.rows.map((row) => orphanKey(table, keyColumns, Object.values(row), showValues));
  const more = Number(rows[0].n) > keys.length ? `, and ${Number(rows[0].n) - keys.length} more` : '';
  return `${rows[0].n} rows have no parent in ${key.parent}: ${keys.join('; ')}${more}`;
}

function orphanKey(
  table: TargetTable,
  columns: readonly string[],
  values: readonly string[],
  showValues: boolean,
): string {
  const key = columns.map((column, i) => {
    const type = table.columns.find(({ name: column_ }) => column_ === column)?.type;
    return type === 'integer' || type === 'bigint' ? BigInt(values[i]) : { text: Buffer.from(values[i]) };
  });
  return `${columns.join(', ')} ${(showValues ? plainKey(key) : displayKey(key)).replace(/^(rowid|key) /, '')}`;
}
