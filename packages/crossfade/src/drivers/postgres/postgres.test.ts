import { afterAll, beforeAll, describe, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { emptied } from '../../../test/support/store-places.ts';
import { storeSuite } from '../../store/suite/suite.ts';
import { postgresDriver } from './postgres.ts';

describe('a PostgreSQL store is a store', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  storeSuite(test, async () => {
    const schema = await emptied(database);
    return { driver: () => postgresDriver({ target: database, schema, tables: 'create' }) };
  });
});
