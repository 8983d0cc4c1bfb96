import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, inject, onTestFinished, TestRunner } from 'vitest';
import type { Target } from '../../src/pg/target.ts';
import { plainClient, plainQuery } from '../support/plain-client.ts';

export { plainQuery as query };

/** The connection over which this process makes and drops databases: a connection costs more than either. */
let administrator: Promise<pg.Client> | undefined;

/** Ends the connection of a database's `query` until its next statement. */
const leaving = new WeakMap<TestDatabase, () => Promise<void>>();

/** A database of one test. */
export interface TestDatabase extends Target {
  /** Runs one statement on a connection that nobody else uses meanwhile, with the defaults of node-postgres and nothing of earlier statements. */
  query(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** Called by itself when the test ends; a test calls it to make the database vanish earlier. */
  drop(): Promise<void>;
}

/** A database that the tests of one file share. To be called where tests are described. */
export function databaseOfFile(): () => TestDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database?.drop());
  return () => database as TestDatabase;
}

/**
 * A database on the run's server, empty or as another one stands, to which nobody is connected. Dropped when the test
 * ends, whoever is still connected, or with the run where no test is running (as in `beforeAll`).
 */
export async function freshDatabase(template?: TestDatabase): Promise<TestDatabase> {
  const server = inject('server');
  const database = `test_${randomBytes(6).toString('hex')}`;
  const from = template === undefined ? '' : ` template ${template.database}`;
  if (template !== undefined) await leaving.get(template)?.();
  // The default writes the copy into the log as well, which takes twice as long.
  await administer(`create database ${database}${from} strategy file_copy`);
  const target: Target = {
    ...server,
    database,
    display: `postgres://${server.user}@${server.host}:${server.port}/${database}`,
  };
  const { query, end: leave } = keptConnection(target);
  const drop = async (): Promise<void> => {
    await leave();
    await administer(`drop database if exists ${database} with (force)`);
  };
  if (TestRunner.getCurrentTest()) onTestFinished(drop);
  const made: TestDatabase = { ...target, query, drop };
  leaving.set(made, leave);
  return made;
}

async function administer(sql: string): Promise<void> {
  administrator ??= plainClient(inject('server')).then((client) => {
    // The server may go before this process does.
    client.on('error', () => (administrator = undefined));
    return client;
  });
  await (await administrator).query(sql);
}

/** One connection that statements use one after the other, emptied of all that they leave; those that overlap get their own. */
function keptConnection(target: Target): { query: TestDatabase['query']; end: () => Promise<void> } {
  let kept: pg.Client | undefined;
  const open = async (): Promise<pg.Client> => {
    const client = await plainClient(target);
    // Tests end connections, and this may be one of them.
    return client.on('error', () => {
      if (kept === client) kept = undefined;
    });
  };
  const take = async (): Promise<pg.Client> => {
    const client = kept;
    kept = undefined;
    return client ?? open();
  };
  const keep = async (client: pg.Client): Promise<void> => {
    await client.query('discard all');
    if (kept !== undefined) return client.end();
    kept = client;
  };
  return {
    query: async (sql, values) => {
      const client = await take();
      const result = await client.query(sql, values).catch(async (error: unknown) => {
        await client.end();
        throw error;
      });
      await keep(client).catch(() => client.end());
      return result;
    },
    end: async () => {
      const client = kept;
      kept = undefined;
      await client?.end();
    },
  };
}
