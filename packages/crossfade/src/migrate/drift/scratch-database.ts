import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { connect, disconnect, query, transaction } from '../../pg/connect.ts';
import { failure } from '../../pg/failure.ts';
import { settingStatements } from '../../pg/session.ts';
import { join, name, type Sql, sql, trusted } from '../../pg/sql.ts';
import type { Target } from '../../pg/target.ts';
import type { Build, Built } from './build.ts';
import { readSchema } from './describe.ts';
import { runFiles } from './run-files.ts';
import { scratchName } from './scratch.ts';

/**
 * Builds the schema in a database of its own, which is dropped whatever happens.
 *
 * @param admin a connection to the live database that no signal ends: it has to drop what it made
 * @returns null when the role may not create databases
 */
export async function buildInDatabase(admin: pg.Client, build: Build): Promise<Built | null> {
  const scratch = await scratchName(admin);
  try {
    // template0 is what nobody has added anything to.
    await query(
      admin,
      sql`CREATE DATABASE ${name(scratch)} TEMPLATE template0 ENCODING 'UTF8'`,
      'create a throwaway database',
    );
  } catch (error) {
    if (error instanceof CrossfadeError && error.facts.sqlstate === '42501') return null;
    throw error;
  }
  try {
    return await filled(scratch, build);
  } finally {
    await dropScratch(admin, build.target, scratch);
  }
}

async function filled(scratch: string, { target, schema, scripts, privileges, signal }: Build): Promise<Built> {
  const place = { ...target, database: scratch, display: `${target.display} (throwaway database ${scratch})` };
  const client = await connect(place, { application: 'crossfade drift', ...(signal && { signal }) });
  try {
    if (schema !== 'public') await query(client, sql`CREATE SCHEMA ${name(schema)}`, 'create the schema');
    const path = join([...new Set([schema, 'public'])].map((each) => name(each)));
    const settings = settingStatements('session', 0);
    const prelude = sql`RESET SESSION AUTHORIZATION; RESET ROLE; ${settings}; SET search_path = ${path}`;
    const passedOver = await runFiles(client, scripts, { way: 'database', schema, prelude });
    await query(client, trusted('RESET ROLE'), 'set up the session');
    const description = await transaction(client, () => readSchema(client, schema, { privileges }), 'read');
    return { way: 'database', description, passedOver };
  } finally {
    await disconnect(client);
  }
}

/** On a fresh connection where the first was lost meanwhile. */
async function dropScratch(admin: pg.Client, target: Target, scratch: string): Promise<void> {
  const drop = sql`DROP DATABASE IF EXISTS ${name(scratch)} WITH (FORCE)`;
  const doing = `drop the throwaway database ${scratch}`;
  try {
    await query(admin, drop, doing);
  } catch {
    await dropAgain(target, drop, doing).catch((error: unknown) => {
      const found = failure(error, doing);
      throw new CrossfadeError(
        found.code,
        `${found.message} The live schema was not touched. The throwaway is removed by the first run after an hour, or by: DROP DATABASE ${scratch};`,
        { ...found.facts, leftover: scratch },
      );
    });
  }
}

async function dropAgain(target: Target, drop: Sql, doing: string): Promise<void> {
  const client = await connect(target, { application: 'crossfade drift' });
  try {
    await query(client, drop, doing);
  } finally {
    await disconnect(client);
  }
}
