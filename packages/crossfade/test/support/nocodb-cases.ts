import { describe, test } from 'vitest';
import { nocodbDriver } from '../../src/drivers/nocodb/nocodb.ts';
import { memoryIntents } from '../../src/store/live/memory-intents.ts';
import { storeSuite } from '../../src/store/suite/suite.ts';
import { nocodbApiCases } from './nocodb-api-cases.ts';
import { nocodbMirrorCases } from './nocodb-mirror-cases.ts';
import { nocodbMirrorOutcomeCases } from './nocodb-mirror-outcome-cases.ts';
import { nocodbOutcomeCases } from './nocodb-outcome-cases.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';
import { nocodbRecordCases } from './nocodb-record-cases.ts';
import { nocodbSyncCases } from './nocodb-sync-cases.ts';
import { nocodbTableCases } from './nocodb-table-cases.ts';

/** What holds of the driver in front of the real NocoDB and of the stand-in alike. */
export function nocodbCases(server: () => NocodbPlace): void {
  nocodbApiCases(server);
  describe('a NocoDB store is a store', () => {
    let plain: PlainNocodb | undefined;
    storeSuite(test, async () => {
      plain ??= new PlainNocodb(server());
      await plain.empty();
      const intents = memoryIntents({ lifeMs: 0 });
      const mirror = { lifeMs: 20, account: server().account };
      return { driver: () => nocodbDriver({ ...server(), tables: 'create', intents, mirror }) };
    });
  });
  nocodbTableCases(server);
  nocodbRecordCases(server);
  nocodbOutcomeCases(server);
  nocodbMirrorCases(server);
  nocodbMirrorOutcomeCases(server);
  nocodbSyncCases(server);
}
