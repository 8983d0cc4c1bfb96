import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { liveSchema, mirroredCount } from '../support/sqlite-live-child.ts';
import { sqliteStore, stranger } from '../support/sqlite-store.ts';

const program = fileURLToPath(new URL('../support/sqlite-live-child.ts', import.meta.url));

/** A process of its own on the file, with the numbers that it has told. */
function child(...args: readonly string[]): { process: ChildProcess; told: () => number[] } {
  const started = spawn(process.execPath, ['--no-warnings', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void started.kill('SIGKILL'));
  let text = '';
  started.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { process: started, told: () => text.split('\n').slice(0, -1).map(Number) };
}

async function toldSome(of: ReturnType<typeof child>, count: number): Promise<void> {
  while (of.told().length < count) await once(of.process.stdout as NodeJS.ReadableStream, 'data');
}

test('three processes write while the fence is set: when it is, what they were told is all there ever is, and all of it captured', async () => {
  const path = join(tempFolder('live-'), 'store.db');
  const { driver } = await sqliteStore({ path, busyTimeoutMs: 60_000 }, liveSchema);
  await driver.capture.install();
  const writers = ['a', 'b', 'c'].map((name) => child('write', path, name));
  const ends = writers.map((writer) => once(writer.process, 'close'));
  await Promise.all(writers.map((writer) => toldSome(writer, 5)));
  const captured = new Set<string>();
  const drain = async (limit: number): Promise<number> => {
    const entries = await driver.capture.entries(limit);
    for (const { key } of entries) captured.add(key?.[0] as string);
    await driver.capture.clear(entries);
    return entries.length;
  };
  await drain(15);
  await driver.fence.set(1n);
  const count = async (): Promise<number> =>
    (await driver.bulk.range('words', { after: null, upTo: null }, 1e6)).length;
  const atOnce = await count();
  expect((await Promise.all(ends)).map(([status]) => status)).toEqual([0, 0, 0]);
  const told = writers.reduce((sum, writer) => sum + writer.told().length, 0);
  expect([atOnce, await count()]).toEqual([2 * told, 2 * told]);
  while ((await drain(100)) > 0);
  expect(captured.size).toBe(2 * told);
});

test('a mirror that is killed while it applies leaves guards and records of one version, and is repeated without harm', async () => {
  const path = join(tempFolder('live-'), 'store.db');
  const { driver } = await sqliteStore({ path, busyTimeoutMs: 60_000 }, liveSchema);
  await driver.mirror.begin(1n);
  await driver.fence.set(1n);
  const db = stranger(path);
  for (let kill = 0, next = 1; kill < 6; kill++) {
    const mirror = child('mirror', path, String(next));
    await toldSome(mirror, 1 + (kill % 3));
    mirror.process.kill('SIGKILL');
    await once(mirror.process, 'close');
    const versions = db
      .prepare('SELECT DISTINCT version FROM crossfade_mirror')
      .all()
      .map((row) => Number(row.version));
    expect(versions).toHaveLength(1);
    const [version] = versions;
    const told = mirror.told().at(-1) as number;
    expect(version - told === 0 || version - told === 1).toBe(true);
    const expected = Array.from({ length: mirroredCount }, (_, i) => i).filter((i) => (version + i) % 5 !== 0);
    const rows = db.prepare('SELECT word, n FROM words').all();
    expect(new Map(rows.map(({ word, n }) => [word, n]))).toEqual(new Map(expected.map((i) => [`${i}`, version])));
    expect(db.prepare('SELECT * FROM crossfade_passage').all()).toEqual([]);
    const late = { collection: 'words', key: ['0'], row: { word: '0', n: 0 }, version: BigInt(version) };
    expect(await driver.mirror.apply(1n, [late])).toBe(0);
    next = version + 1;
  }
  expect(() => db.exec('DELETE FROM words')).toThrow(/nothing may be written here/);
});
