import { hostname, userInfo } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import { disconnect, query, transaction } from '../pg/connect.ts';
import { type Context, type Note, contextOf } from './context.ts';
import type { Migrations, Reading } from './files.ts';
import { takeLock, together } from './locked.ts';
import type { MigrateOptions } from './options.ts';
import { addEntry } from './record.ts';
import { type History, readHistory, readWhatIsThere } from './history.ts';
import { type Tables, createSchema, createTables, tablesIn } from './tables.ts';
import { connectWhenReady } from './wait.ts';
import { sql } from '../pg/sql.ts';

/** A connected run, with what the database knew when it began. */
export interface Opened {
  readonly context: Context;
  readonly history: History;
}

/**
 * Reads the folder, connects, and reads the state: one round trip where the tables are there. Ends the connection when
 * `work` has ended.
 *
 * @param reading of the folder; what it throws is told without a database
 * @param makes whether missing tables are made; a run that only looks leaves the database as it is
 */
export async function opened<T>(
  reading: Reading,
  options: MigrateOptions,
  makes: boolean,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const note = options.onNote ?? (() => undefined);
  const { migrations, client } = await readAndConnect(reading, note, options);
  let context: Context | undefined;
  try {
    const tables = tablesIn(options.schema ?? 'public');
    const build = (history: History): Opened => {
      context = contextOf({
        target: options.target,
        client,
        tables,
        migrations,
        by: who(history.role),
        note,
        signal: options.signal,
        patience: options,
        history,
      });
      return { context, history };
    };
    const found = await readHistory(client, tables, !makes);
    if (found !== null) return await work(build(found));
    const looked = await readWhatIsThere(client, tables);
    if (!makes) return await work(build(looked));
    await makeTables(build(looked).context, tables);
    return await work(build((await readHistory(client, tables)) ?? looked));
  } finally {
    await disconnect(context?.client ?? client);
  }
}

/**
 * Both at once: a server takes longer to make a session than a thousand files to read. What is wrong with the folder ends
 * the attempt to connect, and is all that is told.
 */
async function readAndConnect(
  steps: Reading,
  note: Note,
  { target, ...options }: MigrateOptions,
): Promise<{ migrations: Migrations; client: pg.Client }> {
  const misread = new AbortController();
  const signal = AbortSignal.any([misread.signal, ...(options.signal ? [options.signal] : [])]);
  const reading = readBeside(steps);
  reading.catch(() => misread.abort());
  const onWait = (line: string): void => void reading.then(() => note(line)).catch(() => undefined);
  const connecting = connectWhenReady(target, { ...options, signal, onWait });
  const [read, connected] = await Promise.allSettled([reading, connecting]);
  if (read.status === 'fulfilled' && connected.status === 'fulfilled')
    return { migrations: read.value, client: connected.value };
  if (connected.status === 'fulfilled') await disconnect(connected.value);
  throw read.status === 'rejected' ? read.reason : (connected as PromiseRejectedResult).reason;
}

/** How long the reading keeps the connection waiting at a time: a small part of what the server takes for an answer. */
const sliceMs = 0.5;

/** In slices: a session comes about by many short questions, and the next one is to be sent as soon as it is due. */
async function readBeside(steps: Reading): Promise<Migrations> {
  for (;;) {
    await turn();
    const until = performance.now() + sliceMs;
    while (performance.now() < until) {
      const { done, value } = steps.next();
      if (done === true) return value;
    }
  }
}

/** Under the lock: CREATE ... IF NOT EXISTS of two sessions at once fails in one of them. */
async function makeTables(context: Context, tables: Tables): Promise<void> {
  await transaction(context.client, async (client) => {
    await takeLock(client, context);
    const { rows } = await query(
      client,
      sql`SELECT 1::text AS found FROM pg_catalog.pg_namespace WHERE nspname = ${tables.schema}`,
      'look for the schema',
    );
    const missing = rows.length === 0 ? [createSchema(tables.schema)] : [];
    await together(
      client,
      [...missing, ...createTables(tables)],
      `make the tables of migrations in "${tables.schema}"`,
    );
  });
}

/**
 * Takes over a version that somebody else has written, golang-migrate or a person: from here on it counts as applied,
 * with files that nobody has seen run. To be sent within a locked transaction.
 */
export async function adopt(client: pg.Client, { tables, by, migrations }: Context, version: bigint): Promise<void> {
  const name = migrations.all.find((migration) => migration.version === version)?.name ?? '';
  const entry = {
    version,
    name,
    direction: 'adopt',
    sha256: null,
    durationMs: 0,
    by,
    statements: 0,
    result: version,
  } as const;
  await query(client, addEntry(tables, entry), 'take over the version');
}

function who(role: string): string {
  return `${role}, ${osUser()}@${hostname()}`;
}

/** A container may run under a number that has no name. */
function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
