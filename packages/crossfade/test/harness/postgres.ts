import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { inject, onTestFinished, TestRunner } from 'vitest';
import type { Target } from '../../src/pg/target.ts';
import { plainQuery } from '../support/plain-client.ts';

export { plainQuery as query };

/** A database of one test. */
export interface TestDatabase extends Target {
  /** Runs one statement on a connection of its own, with the defaults of node-postgres. */
  query(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** Called by itself when the test ends; a test calls it to make the database vanish earlier. */
  drop(): Promise<void>;
}

/**
 * A database on the run's server, empty or as another one stands, to which nobody is connected. Dropped when the test
 * ends, whoever is still connected, or with the run where no test is running (as in `beforeAll`).
 */
export async function freshDatabase(template?: Target): Promise<TestDatabase> {
  const server = inject('server');
  const database = `test_${randomBytes(6).toString('hex')}`;
  const from = template === undefined ? '' : ` template ${template.database}`;
  await plainQuery(server, `create database ${database}${from}`);
  const target: Target = {
    ...server,
    database,
    display: `postgres://${server.user}@${server.host}:${server.port}/${database}`,
  };
  const drop = async (): Promise<void> => {
    await plainQuery(server, `drop database if exists ${database} with (force)`);
  };
  if (TestRunner.getCurrentTest()) onTestFinished(drop);
  return { ...target, query: (sql, values) => plainQuery(target, sql, values), drop };
}
