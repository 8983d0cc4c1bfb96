import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { PlainNocodb } from '../support/nocodb-place.ts';
import { nocodbSourceCases } from '../support/nocodb-source-cases.ts';
import { type StandIn, startStandIn } from '../support/nocodb-stand-in.ts';

let server: StandIn;
beforeAll(async () => {
  server = await startStandIn();
});
afterAll(() => server.stop());

nocodbSourceCases(() => server);

test('the command moves a base: the token is in its environment alone', async () => {
  const plain = new PlainNocodb(server);
  const columns = [{ title: 'word', column_name: 'word', uidt: 'LongText' }];
  const id = { title: 'Id', column_name: 'id', uidt: 'ID', pk: true };
  await plain.ask('POST', `/api/v2/meta/bases/${server.base}/tables`, { title: 'words', columns: [id, ...columns] });
  await plain.insert('words', [{ word: 'one' }]);
  const cwd = join(tempFolder(), 'work');
  mkdirSync(cwd);
  const env = { ...serverEnv(await freshDatabase()), NOCODB_TOKEN: server.token };
  const address = `nocodb:${server.url}/dashboard/#/nc/${server.base}/m1`;
  const { status, stdout, stderr } = await runCli(['move', address, '--json'], { env, cwd });
  expect([status, JSON.parse(stdout)]).toMatchObject([
    0,
    { verdict: 'equal', rows: 1, source: `nocodb:${server.url}/${server.base}` },
  ]);
  expect(`${stdout}${stderr}`).not.toContain(server.token);
  expect(readdirSync(join(cwd, '.crossfade', 'staging'))).toEqual(['.gitignore']);
  const refused = await runCli(['plan', `nocodb:http://me:geheim@${new URL(server.url).host}/p1`, '--json'], { env });
  expect([refused.status, JSON.parse(refused.stdout)]).toMatchObject([2, { error: { code: 'E_SECRET_IN_ARGV' } }]);
  expect(`${refused.stdout}${refused.stderr}`).not.toContain('geheim');
});
