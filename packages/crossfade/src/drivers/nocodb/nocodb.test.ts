import { afterAll, beforeAll, describe } from 'vitest';
import { nocodbCases } from '../../../test/support/nocodb-cases.ts';
import { nocodbMirrorCases } from '../../../test/support/nocodb-mirror-cases.ts';
import { nocodbRecordCases } from '../../../test/support/nocodb-record-cases.ts';
import { type StandIn, standInVersions, startStandIn } from '../../../test/support/nocodb-stand-in.ts';
import { nocodbTableCases } from '../../../test/support/nocodb-table-cases.ts';

let server: StandIn;
let newer: StandIn;
beforeAll(async () => {
  server = await startStandIn();
  newer = await startStandIn(standInVersions['0.301.3']);
});
afterAll(() => Promise.all([server.stop(), newer.stop()]));

nocodbCases(() => server);

describe('with the names of errors, the Ids and the limits of a newer version', () => {
  nocodbTableCases(() => newer);
  nocodbRecordCases(() => newer);
  nocodbMirrorCases(() => newer);
});
