import { join } from 'node:path';
import { describe, test } from 'vitest';
import { tempFolder } from '../../../../test/harness/folders.ts';
import { storeSuite } from '../../../store/suite/suite.ts';
import { sqliteDriver } from './driver.ts';

describe('a SQLite file is a store', () => {
  storeSuite(test, async () => {
    const path = join(tempFolder('store-'), 'store.db');
    return { driver: () => sqliteDriver({ path, tables: 'create' }) };
  });
});
