import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../test/harness/connections.ts';
import { nocodbCases } from '../../../test/support/nocodb-cases.ts';
import { nocodbSourceCases } from '../../../test/support/nocodb-source-cases.ts';
import { PlainNocodb } from '../../../test/support/nocodb-place.ts';
import { installNocodb, type NocodbServer, startNocodb } from '../../../test/support/nocodb-server.ts';
import { CrossfadeError } from '../../core/errors.ts';
import { collections } from '../../schema/collection.ts';
import { openStore } from '../../store/store.ts';
import { nocodbDriver } from './nocodb.ts';

let server: NocodbServer;
beforeAll(async () => {
  await installNocodb();
  server = await startNocodb();
}, 900_000);
afterAll(() => server.stop());

nocodbCases(() => server);
nocodbSourceCases(() => server);

/** The reason why an applier writes by a session. Where this fails, the server has been mended, and a token would do. */
test('a token that was deleted is listed no longer, and goes on', async () => {
  const plain = new PlainNocodb(server);
  const signedIn = await plain.ask('POST', '/api/v1/auth/user/signin', server.account);
  const session = { 'xc-auth': (signedIn.body as { token: string }).token };
  const made = await plain.ask('POST', '/api/v1/tokens', { description: 'to be deleted' }, session);
  const { id, token } = made.body as { id: number; token: string };
  const path = `/api/v2/meta/bases/${server.base}/tables`;
  const asked = async () => (await plain.ask('GET', path, undefined, { 'xc-token': token })).status;
  expect(await asked()).toBe(200);
  const { url } = server;
  const deleted = await fetch(`${url}/api/v1/tokens/${id}`, { method: 'DELETE', headers: session });
  expect(deleted.status).toBe(200);
  const { list } = (await plain.ask('GET', '/api/v1/tokens', undefined, session)).body as { list: { id: number }[] };
  expect(list.map((each) => each.id)).not.toContain(id);
  expect(await asked()).toBe(200);
});

test('5 kills of NocoDB lose no acknowledged write and make no refused one', { timeout: 600_000 }, async () => {
  const schema = collections({ killed: { fields: { word: { type: 'text' } }, key: ['word'] } });
  const store = openStore(schema, nocodbDriver({ ...server, tables: 'create', triesMax: 2 }));
  await store.open();
  const told: Record<'ok' | 'failed' | 'unknown', string[]> = { ok: [], failed: [], unknown: [] };
  let isOver = false;
  const writers = Array.from({ length: 3 }, async (_, writer) => {
    for (let n = 0; !isOver; n++) {
      const word = `${writer} ${n}`;
      try {
        await store.write([{ kind: 'insert', collection: 'killed', row: { word } }]);
        told.ok.push(word);
      } catch (error) {
        if (!(error instanceof CrossfadeError)) throw error;
        told[error.code === 'E_OUTCOME_UNKNOWN' ? 'unknown' : 'failed'].push(word);
        await sleep(50);
      }
    }
  });
  for (let kill = 1; kill <= 5; kill++) {
    const before = told.ok.length;
    await until(async () => told.ok.length > before + 10);
    await server.kill();
    await server.start();
  }
  isOver = true;
  await Promise.all(writers);
  const isThere = async (word: string): Promise<boolean> => (await store.read('killed', [word])) !== null;
  const lost = [];
  for (const word of told.ok) if (!(await isThere(word))) lost.push(word);
  const made = [];
  for (const word of told.failed) if (await isThere(word)) made.push(word);
  expect({ lost, made }).toEqual({ lost: [], made: [] });
  expect(told.ok.length).toBeGreaterThan(50);
});
