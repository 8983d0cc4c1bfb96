import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { stateTables } from '../copy/checkpoint.ts';
import { copyOut } from '../pg/copy-out.ts';
import { query, transaction } from '../pg/connect.ts';
import { name, qualified, sql, trusted } from '../pg/sql.ts';
import { list, restartIdentity } from '../schema/ddl.ts';
import { lastIdentity } from '../schema/design.ts';
import type { TargetTable } from '../schema/model.ts';
import { copyOutStatement, seedBytes, targetSum } from '../verify/verify.ts';
import { type Comparison, compareWith } from './compare.ts';
import { type Finished, finishForeignKey } from './finish.ts';
import type { Pool } from './pool.ts';
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
  readonly comparison: Comparison;
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
  await transaction(client, async () => {
    if (!publication.schemaExists) await query(client, sql`CREATE SCHEMA ${name(schema)}`, 'make the schema');
    for (const table of publication.tables.filter(({ fills }) => !fills)) {
      await setIdentity(client, loadSchema, table);
      await query(
        client,
        sql`ALTER TABLE ${qualified(loadSchema, table.target.name)} SET SCHEMA ${name(schema)}`,
        'publish a table',
      );
    }
    for (const table of parentsFirst(publication.tables.filter(({ fills }) => fills)))
      await fill(client, pool, publication, table);
    for (const { target } of publication.tables) {
      for (const key of target.foreignKeys)
        await finishForeignKey(client, schema, target, key, schema, publication.showValues, finished);
    }
    await query(
      client,
      sql`UPDATE ${qualified(loadSchema, stateTables.run)} SET report = ${publication.report(finished)}`,
      'store the report',
    );
  });
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

async function fill(
  client: pg.Client,
  pool: Pool,
  { loadSchema, schema }: Publication,
  table: PublishedTable,
): Promise<void> {
  const { target } = table;
  await query(
    client,
    sql`LOCK TABLE ${qualified(schema, target.name)} IN SHARE ROW EXCLUSIVE MODE`,
    'lock a table that is to be filled',
  );
  const existing = await readTable(client, schema, target.name);
  checkFillable(
    schema,
    existing,
    target.columns.map((column) => column.name),
  );
  const written = target.columns.filter(
    (column) => existing.columns.find(({ name: existingName }) => existingName === column.name)?.generated === false,
  );
  const columns = trusted(list(written.map((column) => column.name)));
  await query(
    client,
    sql`INSERT INTO ${qualified(schema, target.name)} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${qualified(loadSchema, target.name)}`,
    'fill a table that was there',
  );
  if (existing.columns.some((column) => column.identity)) await setIdentity(client, schema, table);
  const seed = randomBytes(seedBytes);
  const { equal } = await compareWith(pool, table.comparison, seed, async () => {
    const sum = targetSum(table.comparison.table, seed);
    await copyOut(client, copyOutStatement(table.comparison.table), (chunk) => sum.push(chunk));
    return sum.end();
  });
  if (equal) return;
  throw new CrossfadeError(
    'E_TARGET_MISMATCH',
    `Table ${schema}.${target.name}, which already exists, does not hold the values exactly: its column types, defaults or triggers change them. Nothing was published. Change the table, or choose another --schema.`,
    { schema, table: target.name },
  );
}

/** The next value lies beyond every key that is there and, for AUTOINCREMENT, beyond every key that has been. */
async function setIdentity(client: pg.Client, schema: string, { target, profile }: PublishedTable): Promise<void> {
  const column = target.columns.find(({ source }) => source.name === target.source.rowidAlias);
  if (column === undefined || !(column.identity || target.primaryKey === null)) return;
  const owned = await query<{ sequence: string | null }>(
    client,
    sql`SELECT pg_catalog.pg_get_serial_sequence(${qualified(schema, target.name).text}, ${column.name}) AS sequence`,
    'look for the sequence of a key',
  );
  if (owned.rows[0].sequence === null) return;
  await query(
    client,
    trusted(restartIdentity(schema, target.name, column.name, lastIdentity(target.source, profile.evidence))),
    'set the next value of a key',
  );
}
