import { DatabaseSync } from 'node:sqlite';
import { beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../harness/postgres.ts';
import { type RunningCli, serverEnv, startCli } from '../support/cli.ts';
import { type Call, faultProxy } from '../support/fault-proxy.ts';
import { expectOneMessage, moveJson, moveKilledAt, reportOf } from '../support/moves.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { largeSource, smallSource } from '../support/sources.ts';
import { expectComplete } from '../support/sweep.ts';
import { checkpoints, loadSchemas, publishedTables } from '../support/traces.ts';

let large: string;

beforeAll(() => {
  large = largeSource(300_000);
});

/** Runs a move and signals it when a call fits; the call itself goes on. */
async function signalled(signal: NodeJS.Signals, at: (call: Call) => boolean, source: string) {
  const database = await freshDatabase();
  let running: RunningCli | null = null;
  let sent = false;
  const proxy = await faultProxy(database, {
    onCall: (call) => {
      if (!sent && at(call)) {
        sent = true;
        running?.kill(signal);
      }
      return 'forward';
    },
  });
  running = startCli(['move', source, '--json'], { env: serverEnv({ ...database, ...proxy }) });
  return { database, ended: await running.ended };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the middle of a load: one sentence, exit 1, nothing published, and the same command ends equal',
  async (signal) => {
    const { database, ended } = await signalled(signal, ({ text }) => /^COPY .* FROM STDIN/.test(text), large);
    expect(expectOneMessage(ended, 'E_INTERRUPTED', 1)).toMatch(
      /was interrupted\. Nothing was published.*The same command continues.*--restart/,
    );
    expect(reportOf(ended)).toMatchObject({ verdict: 'failed', exitCode: 1, error: { code: 'E_INTERRUPTED' } });
    expect(await publishedTables(database)).toEqual([]);
    const left = await checkpoints(database);
    expect(left.done).toBeLessThan(left.all);
    const again = await moveJson(large, database);
    expect(reportOf(again)).toMatchObject({ verdict: 'equal', rows: 300_000 });
    await expectSameRows(large, database);
    expect(await loadSchemas(database)).toEqual([]);
  },
);

test.each([
  ['while the values are looked at', ({ number }: Call) => number === 12],
  ['while indexes are made', ({ text }: Call) => text.includes('ADD CONSTRAINT "person_pkey"')],
  ['while values are compared', ({ text }: Call) => /^COPY .* TO STDOUT/.test(text)],
])('Ctrl-C %s ends with one sentence as well, and the same command ends equal', async (_, at) => {
  const source = smallSource();
  const { database, ended } = await signalled('SIGINT', at, source);
  expectOneMessage(ended, 'E_INTERRUPTED', 1);
  expect(await publishedTables(database)).toEqual([]);
  await expectComplete(await moveJson(source, database), source, database, false);
});

test('Ctrl-C after the publication never says that nothing was published', async () => {
  const source = smallSource();
  const { database, ended } = await signalled('SIGINT', ({ text }) => text.startsWith('DROP TABLE'), source);
  expect(await publishedTables(database)).toContain('person');
  expect(ended.stderr).not.toContain('Nothing was published');
  expect(reportOf(ended).exitCode).toBe(ended.status);
});

test('a source that has changed since a run published it and was killed does not end with exit 0', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await moveKilledAt(/^SELECT c.relname AS name/, 'before', ['move', source, '--json'], database);
  const db = new DatabaseSync(source);
  db.exec("INSERT INTO setting VALUES ('new', 'en', 'v')");
  db.close();
  const ended = await moveJson(source, database);
  expect(ended.status).toBe(1);
});
