import { afterAll, beforeAll } from 'vitest';
import { nocodbCases } from '../../../test/support/nocodb-cases.ts';
import { type StandIn, startStandIn } from '../../../test/support/nocodb-stand-in.ts';

let server: StandIn;
beforeAll(async () => {
  server = await startStandIn();
});
afterAll(() => server.stop());

nocodbCases(() => server);
