import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { stateTables } from './checkpoint.ts';
import { copyOut } from '../pg/copy-out.ts';
import { query, transaction } from '../pg/connect.ts';
import { name, qualified, sql, trusted } from '../pg/sql.ts';
import { list } from '../schema/ddl.ts';
import type { TargetTable } from '../schema/model.ts';
import { copyOutStatement, seedBytes, targetSum } from '../verify/verify.ts';
import { type Comparison, compareWith } from './compare.ts';
import { type Finished, finishForeignKey } from './finish.ts';
import { setNextKeys } from './next-keys.ts';
import type { Pool } from './pool.ts';
import { postpone, type Postponed, unpostpone } from './postpone.ts';
import type { TableProfile } from './profile.ts';
import { checkFillable, readTable } from './target-tables.ts';

/** Everything that publishing needs to know. */
export interface Publication {
  readonly loadSchema: string;
  readonly schema: string;
  readonly schemaExists: boolean;
  readonly tables: readonly PublishedTable[];
  readonly showValues: boolean;
  /** Made last, when everything else has succeeded, and stored with it. */
  readonly report: (finished: Finished) => string;
}

/** A loaded and verified table. */
export interface PublishedTable {
  readonly target: TargetTable;
  readonly profile: TableProfile;
  /** The table stands in the target already, and is empty. */
  readonly fills: boolean;
  /** The table on both sides, as it stands once it is published. */
  readonly published: Comparison;
}

/**
 * Makes the loaded tables appear under their names, all in one transaction: new tables change their schema, tables that
 * stood there empty are filled and compared once more, through the open transaction. Nothing is dropped or emptied.
 */
export async function publish(
  client: pg.Client,
  pool: Pool,
  publication: Publication,
  finished: Finished,
): Promise<void> {
  const { loadSchema, schema } = publication;
  const fills = parentsFirst(publication.tables.filter((table) => table.fills));
  const fresh = publication.tables.filter((table) => !table.fills);
  await transaction(client, async () => {
    if (!publication.schemaExists) await query(client, sql`CREATE SCHEMA ${name(schema)}`, 'make the schema');
    for (const table of fresh) {
      await setNextKeys(client, loadSchema, table.target, table.profile);
      const target = qualified(loadSchema, table.target.name);
      await query(client, sql`ALTER TABLE ${target} SET SCHEMA ${name(schema)}`, 'publish a table');
    }
    const postponed = await postpone(
      client,
      schema,
      fills.map(({ target }) => target.name),
    );
    for (const table of fills) await fill(client, publication, table);
    for (const { target } of publication.tables) {
      for (const key of target.foreignKeys) {
        await finishForeignKey(client, schema, target, key, schema, publication.showValues, finished);
      }
    }
    if (fills.length > 0) {
      await checkDeferred(client, schema, postponed);
      await compareAgain(client, pool, schema, [...fills, ...fresh]);
    }
    const state = qualified(loadSchema, stateTables.run);
    await query(client, sql`UPDATE ${state} SET report = ${publication.report(finished)}`, 'store the report');
  });
}

/** Runs what waits for the end of the transaction: triggers of the tables that were there, and foreign keys. */
async function checkDeferred(client: pg.Client, schema: string, postponed: readonly Postponed[]): Promise<void> {
  try {
    await query(client, sql`SET CONSTRAINTS ALL IMMEDIATE`, 'run the deferred triggers of the tables that were there');
  } catch (error) {
    const table = error instanceof CrossfadeError ? error.facts.table : undefined;
    throw refusal(error, schema, typeof table === 'string' ? table : (postponed[0]?.table ?? 'unknown'));
  }
  await unpostpone(client, schema, postponed);
}

/**
 * Triggers of a table that was there may change its rows, and those of other tables, at once or at the end: all of them
 * have run before, and then every table is compared through the transaction that is still open.
 */
async function compareAgain(
  client: pg.Client,
  pool: Pool,
  schema: string,
  tables: readonly PublishedTable[],
): Promise<void> {
  for (const { target, published } of tables) {
    const seed = randomBytes(seedBytes);
    const { equal } = await compareWith(pool, published, seed, async () => {
      const sum = targetSum(published.table, seed);
      await copyOut(client, copyOutStatement(published.table), sum.push);
      return sum.end();
    });
    if (equal) continue;
    throw new CrossfadeError(
      'E_TARGET_MISMATCH',
      `Table ${schema}.${target.name} does not hold the values exactly once it is filled: column types, defaults or triggers of a table that already exists change them. Nothing was published. Change that table, or choose another --schema.`,
      { schema, table: target.name },
    );
  }
}

/** Tables that stand there have their foreign keys already, so parents are filled before their children. */
function parentsFirst(tables: readonly PublishedTable[]): PublishedTable[] {
  const ordered = new Set<PublishedTable>();
  const visiting = new Set<PublishedTable>();
  const visit = (table: PublishedTable): void => {
    if (ordered.has(table) || visiting.has(table)) return;
    visiting.add(table);
    for (const { parent } of table.target.source.foreignKeys)
      for (const other of tables) if (other.target.source.name === parent) visit(other);
    ordered.add(table);
  };
  tables.forEach(visit);
  return [...ordered];
}

async function fill(client: pg.Client, { loadSchema, schema }: Publication, table: PublishedTable): Promise<void> {
  const { target } = table;
  const place = qualified(schema, target.name);
  await query(client, sql`LOCK TABLE ${place} IN SHARE ROW EXCLUSIVE MODE`, 'lock a table that is to be filled');
  const existing = await readTable(client, schema, target.name);
  checkFillable(
    schema,
    existing,
    target.columns.map((column) => column.name),
  );
  const isComputed = new Set(existing.columns.filter(({ generated }) => generated).map((column) => column.name));
  const written = target.columns.map((column) => column.name).filter((column) => !isComputed.has(column));
  const columns = trusted(list(written));
  try {
    await query(
      client,
      sql`INSERT INTO ${place} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${qualified(loadSchema, target.name)}`,
      'fill a table that was there',
    );
    await setNextKeys(client, schema, target, table.profile);
  } catch (error) {
    throw refusal(error, schema, target.name);
  }
}

/** What the table itself refuses is no defect of ours: a value that is too long, a constraint, a trigger that fails. */
function refusal(error: unknown, schema: string, table: string): unknown {
  const facts = error instanceof CrossfadeError ? error.facts : {};
  const sqlstate = String(facts.sqlstate ?? '');
  const part = facts.constraint ?? facts.column;
  const named = part === undefined ? '' : `, ${JSON.stringify(String(part))}`;
  if (!/^(22|23|42|54|P0)/.test(sqlstate)) return error;
  return new CrossfadeError(
    'E_TARGET_MISMATCH',
    `Table ${schema}.${table}, which already exists, refuses rows of the source: a column is too narrow, a constraint does not hold, or a trigger fails (SQLSTATE ${sqlstate}${named}). Nothing was published. Change the table, choose another --schema, or leave it out with --except.`,
    { schema, table, sqlstate, ...(facts.constraint === undefined ? {} : { constraint: facts.constraint }) },
  );
}
