import { afterAll, beforeAll } from 'vitest';
import { nocodbCases } from '../../../test/support/nocodb-cases.ts';
import { installNocodb, type NocodbServer, startNocodb } from '../../../test/support/nocodb-server.ts';

let server: NocodbServer;
beforeAll(async () => {
  await installNocodb();
  server = await startNocodb();
}, 900_000);
afterAll(() => server.stop());

nocodbCases(() => server);
