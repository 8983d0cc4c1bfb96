import { DatabaseSync } from 'node:sqlite';
import { beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../harness/postgres.ts';
import { sampled } from '../harness/sample.ts';
import { type RunningCli, serverEnv, startCli } from '../support/cli.ts';
import { type Call, faultProxy } from '../support/fault-proxy.ts';
import { expectOneMessage, moveJson, moveKilledAt, reportOf } from '../support/moves.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { largeSource, smallSource } from '../support/sources.ts';
import { expectComplete, smallTables } from '../support/sweep.ts';
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

test.each(sampled(['SIGINT', 'SIGTERM'] as const, 2))(
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

test('Ctrl-C after the publication changes nothing any more: the report is out, the status is its own, no trace is left', async () => {
  const source = smallSource();
  const { database, ended } = await signalled('SIGINT', ({ text }) => text.startsWith('DROP TABLE'), source);
  await expectComplete(ended, source, database, false);
});

test('Ctrl-C while the publication is committed ends with what is true: published and reported', async () => {
  const source = smallSource();
  const { database, ended } = await signalled('SIGINT', ({ text }) => text.includes('SET SCHEMA'), source);
  await expectComplete(ended, source, database, false);
});

test.each([
  ['the source has changed', [], "INSERT INTO setting VALUES ('new', 'en', 'v')"],
  ['other tables are asked for', ['--only', 'visit'], 'SELECT 1'],
])(
  'the report of a run that published and was killed does not stand for another question: %s',
  async (_, more, statement) => {
    const [database, source] = [await freshDatabase(), smallSource()];
    const killed = await moveKilledAt(/^SELECT c.relname AS name/, 'before', ['move', source, '--json'], database);
    expect([killed.signal, await publishedTables(database)]).toEqual(['SIGKILL', smallTables]);
    const db = new DatabaseSync(source);
    db.exec(statement);
    db.close();
    expectOneMessage(await moveJson(source, database, ...more), 'E_TARGET_NOT_EMPTY', 1);
  },
);

test('a connection that breaks while the traces are removed leaves a true report, and the next run removes them', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const proxy = await faultProxy(database, {
    onCall: ({ text }, link) => {
      if (text.startsWith('DROP SCHEMA')) link.cut();
      return 'forward';
    },
  });
  const ended = await moveJson(source, { ...database, ...proxy });
  expect(await publishedTables(database)).toEqual(smallTables);
  expect(reportOf(ended)).toMatchObject({ verdict: 'equal', exitCode: ended.status });
  expect(await loadSchemas(database)).toHaveLength(1);
  await expectComplete(await moveJson(source, database), source, database, false);
});
