import { expect } from 'vitest';
import type { TestDatabase } from '../harness/postgres.ts';

/** Schemas in which a run builds; none is left when it has ended well. */
export async function loadSchemas(database: TestDatabase): Promise<string[]> {
  const { rows } = await database.query(`select nspname from pg_namespace where nspname like 'crossfade%' order by 1`);
  return rows.map(({ nspname }) => nspname as string);
}

/** Names of the tables that everybody sees. */
export async function publishedTables(database: TestDatabase, schema = 'public'): Promise<string[]> {
  const { rows } = await database.query(
    `select tablename from pg_tables where schemaname = $1 and tablename not like 'crossfade:%' order by 1`,
    [schema],
  );
  return rows.map(({ tablename }) => tablename as string);
}

/** The checkpoints that an interrupted run has left: how many of its chunks are loaded, and the rows that stand there. */
export async function checkpoints(database: TestDatabase): Promise<{ all: number; done: number; loaded: number }> {
  const [schema] = await loadSchemas(database);
  expect(schema, 'an interrupted run leaves its load schema').toBeDefined();
  const { rows } = await database.query(
    `select count(*)::int as all, count(loaded)::int as done, coalesce(sum(loaded), 0)::int as loaded from "${schema}"."crossfade:chunk"`,
  );
  return rows[0];
}

/** The key that the next row of a table gets. */
export async function nextKey(database: TestDatabase, table: string, column = 'id'): Promise<number> {
  const { rows } = await database.query(`select nextval(pg_get_serial_sequence($1, $2))::int as next`, [table, column]);
  return rows[0].next as number;
}

/** Sorted names and definitions of what stands beside the rows: constraints and indexes. */
export async function schemaParts(database: TestDatabase, schema = 'public'): Promise<string[]> {
  const { rows } = await database.query(
    `select conrelid::regclass || ' ' || pg_get_constraintdef(oid) || case when convalidated then '' else ' (not validated)' end as part
       from pg_constraint where connamespace = $1::regnamespace and contype in ('p', 'u', 'f', 'c')
     union all select pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indrelid
       where c.relnamespace = $1::regnamespace and not exists (select from pg_constraint k where k.conindid = indexrelid) order by 1`,
    [schema],
  );
  return rows.map(({ part }) => part as string);
}
