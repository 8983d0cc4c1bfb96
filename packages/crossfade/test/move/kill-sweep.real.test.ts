import { expect, test } from 'vitest';
import { freshDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { expectOneMessage, moveJson, moveKilledAt, type When } from '../support/moves.ts';
import { addUnheldRow, smallSource } from '../support/sources.ts';
import { expectAllOrNothing, expectComplete, sweep } from '../support/sweep.ts';
import { loadSchemas, publishedTables } from '../support/traces.ts';

const whens: readonly When[] = ['before', 'after'];
const minutes = 60_000;

/** A row that cannot be held among the others, so that the list of what is withheld is interrupted too. */
function hardSource(): { source: string; args: string[] } {
  const source = smallSource();
  addUnheldRow(source);
  return { source, args: ['move', source, '--json', '--bad-values', 'quarantine'] };
}

test('a move killed -9 at its 1st, 2nd, 3rd … database call ends equal under the same command', {
  timeout: 20 * minutes,
}, async () => {
  await Promise.all(
    whens.map(async (when) => {
      const [database, { source, args }] = [await freshDatabase(), hardSource()];
      const swept = await sweep(when, 1, args, database);
      process.stdout.write(`killed ${when} each of ${swept.kills} calls in turn, then ended equal\n`);
      expect(swept.kills).toBeGreaterThan(100);
      await expectComplete(swept.last, source, database, true);
    }),
  );
});

test('a fresh move killed -9 at any one database call is completed by one more run', {
  timeout: 40 * minutes,
}, async () => {
  const { source, args } = hardSource();
  const acting = await actingCalls(source, args);
  let killed = 0;
  await Promise.all(
    whens.map(async (when) => {
      for (const n of acting) {
        const database = await freshDatabase();
        const run = await moveKilledAt(n, when, args, database);
        if (run.signal === 'SIGKILL') killed++;
        await expectAllOrNothing(database);
        // After the last call nothing is left to continue, and the report was out before it.
        const isOver = (await publishedTables(database)).length > 0 && (await loadSchemas(database)).length === 0;
        const ended = isOver ? { ...run, status: 4 } : await runCli(args, { env: serverEnv(database) });
        await expectComplete(ended, source, database, true);
        await database.drop();
      }
    }),
  );
  process.stdout.write(`killed fresh moves at ${killed} calls; each was completed by the next run\n`);
  // What has ended before the answer was waited for cannot be killed: the last farewells.
  expect(killed).toBeGreaterThan(2 * acting.length - 6);
});

test('a move whose COMMIT is done and never answered says so, and one more run completes it', {
  timeout: 10 * minutes,
}, async () => {
  const source = smallSource();
  const args = ['move', source, '--json'];
  let finished = 0;
  for (let commit = 1; ; commit++) {
    const database = await freshDatabase();
    let seen = 0;
    const proxy = await faultProxy(database, {
      onCall: ({ text }) => (text === 'COMMIT' && ++seen === commit ? 'drop reply' : 'forward'),
    });
    const ended = await runCli(args, { env: serverEnv({ ...database, ...proxy }) });
    if (seen < commit) {
      process.stdout.write(`lost the answer to each of ${commit - 1} COMMITs\n`);
      expect(commit).toBeGreaterThan(15);
      expect(finished).toBe(1);
      return;
    }
    await expectAllOrNothing(database);
    if (ended.status === 0) {
      // Of the commits only the last one, which removes the traces, may go without its answer: the report was out.
      finished++;
      await expectComplete(ended, source, database, false);
    } else {
      expectOneMessage(ended, 'E_TARGET_LOST', 1);
      await expectComplete(await moveJson(source, database), source, database, false);
    }
    await database.drop();
  }
});

/** The numbers of the calls that make the server act: a statement is prepared and bound in one packet with its execution. */
async function actingCalls(source: string, args: readonly string[]): Promise<number[]> {
  const database = await freshDatabase();
  const numbers: number[] = [];
  const proxy = await faultProxy(database, {
    onCall: ({ number, type }) => {
      if (type !== 'P' && type !== 'B') numbers.push(number);
      return 'forward';
    },
  });
  const ended = await runCli(args, { env: serverEnv({ ...database, ...proxy }) });
  await expectComplete(ended, source, database, true);
  return numbers;
}
