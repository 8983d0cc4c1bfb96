import { expect, onTestFinished, test } from 'vitest';
import { memoryDriver } from '../../src/drivers/memory/memory.ts';
import { postgresDriver } from '../../src/drivers/postgres/postgres.ts';
import { crossfade } from '../../src/keep/crossfade.ts';
import { databaseOfFile, freshDatabase } from '../harness/postgres.ts';
import { serverEnv } from '../support/cli.ts';
import { runHere } from '../support/cli-here.ts';
import { word, words } from '../support/memory-crossing.ts';

const database = databaseOfFile();

/** An application whose records are in its memory, and that has one word. */
async function application(group: string) {
  const store = crossfade({
    group,
    schema: words,
    source: memoryDriver(),
    target: postgresDriver({ target: database(), schema: group, tables: 'create' }),
    ledger: database(),
    pollMs: 25,
  });
  onTestFinished(() => store.close());
  await store.write([word('one', 1)]);
  return store;
}

const run = (args: readonly string[], target = database()) => runHere(args, { env: serverEnv(target) });
const said = async (...args: string[]): Promise<string> => {
  const { status, stdout, stderr } = await run(args);
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trim();
};

test('the verbs lead an application there, back, and there for good, and say where it is', async () => {
  const store = await application('words');
  expect(await said('status')).toMatch(/^words: legacy \(legacy\), the old store leads\.\nInstances: 1\.\nKeeper: /);
  expect(await said('advance')).toBe('words: dual-write (dual).');
  expect(await said('advance', '--group', 'words')).toBe('words: shadow-read (shadow).');
  expect(await said('advance', '--budget', '30s')).toMatch(
    /^words: postgres-primary \(primary\)\. Nobody led for \d+ ms\.$/,
  );
  await store.write([word('two', 2)]);
  expect(await said('status')).toContain('A rollback would lose nothing.');
  expect(await said('rollback', '--budget', '30s')).toMatch(
    /^words: shadow-read \(shadow\)\. Nobody led for \d+ ms\.$/,
  );
  expect(JSON.parse(await said('retreat', '--json'))).toMatchObject({ group: 'words', phase: 'dual-write' });
  for (const phase of ['shadow-read', 'postgres-primary'])
    expect(JSON.parse(await said('advance', '--json', '--budget', '30s'))).toMatchObject({ phase });
  expect(await said('finish', '--confirm', 'words')).toBe('words: postgres (final).');
  expect((await store.scan('words')).rows).toHaveLength(2);
  const history = JSON.parse(await said('history', '--json')) as { to: string; facts: object }[];
  expect(history.map(({ to }) => to).slice(0, 8)).toEqual([
    'legacy',
    'dual',
    'shadow',
    'armed',
    'frozen',
    'switched',
    'primary',
    'back-switched',
  ]);
  expect(await said('history')).toContain('shadow to armed, by ');
  expect(await said('status', '--json')).not.toContain('resume');
  expect(JSON.parse(await said('status', '--json'))).toMatchObject({ phase: 'postgres', leader: 'target', next: null });
});

test('what may not be taken back is asked for by name, and what has nothing to do says so', async () => {
  await application('others');
  const cases = [
    [
      ['finish', '--group', 'others'],
      2,
      /E_USAGE: others: this ends the way back.*Nothing was done\. Say --confirm others/,
    ],
    [['finish', '--group', 'others', '--confirm', 'words'], 2, /E_USAGE/],
    [
      ['finish', '--group', 'others', '--confirm', 'others'],
      1,
      /E_STATE_UNFIT: others: finish has nothing to do in legacy/,
    ],
    [['rollback', '--group', 'others'], 1, /E_STATE_UNFIT/],
    [['abort', '--group', 'others'], 1, /E_STATE_UNFIT/],
    [['status', '--group', 'nobody'], 1, /E_GROUP_MISSING: The ledger knows no group nobody/],
    [['advance', '--wait', 'soon'], 2, /It is a time such as/],
  ] as const;
  for (const [args, status, message] of cases) {
    const came = await run(args);
    expect([args, came.status, came.stdout]).toEqual([args, status, '']);
    expect(came.stderr).toMatch(message);
  }
});

test('a database without a ledger is left as it is', async () => {
  const empty = await freshDatabase();
  const { status, stdout, stderr } = await run(['status', '--json'], empty);
  expect([status, JSON.parse(stdout)]).toMatchObject([1, { verdict: 'failed', error: { code: 'E_GROUP_MISSING' } }]);
  expect(stderr).toMatch(/has no ledger of crossings\. Nothing was done/);
  expect((await empty.query("SELECT FROM pg_namespace WHERE nspname = 'crossfade'")).rowCount).toBe(0);
});

test('without a server, none is started for it', async () => {
  const { status, stderr } = await runHere(['status'], {});
  expect([status, stderr]).toEqual([2, expect.stringMatching(/E_USAGE: No server is named.*Nothing was done/)]);
});
