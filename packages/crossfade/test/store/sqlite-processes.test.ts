import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { killsOr, roundsOf } from '../harness/kills.ts';
import { sqliteStore } from '../support/sqlite-store.ts';
import { filling, writerSchema } from '../support/sqlite-writer.ts';

const program = fileURLToPath(new URL('../support/sqlite-writer.ts', import.meta.url));

/** A writer as a process of its own, with the numbers that it has told to be written. */
function writer(
  path: string,
  name: string,
  from: number,
  count: number,
): { child: ChildProcess; told: () => number[] } {
  const child = spawn(process.execPath, ['--no-warnings', program, path, name, String(from), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  // The last line may be cut off, and then it is no news.
  return { child, told: () => text.split('\n').slice(0, -1).map(Number) };
}

/** Both halves of every pair, whole; the numbers of the pairs that are there. */
function pairsOf(path: string, name: string): number[] {
  const db = new DatabaseSync(path);
  try {
    expect(db.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
    const rows = db.prepare('SELECT n, half, filling FROM pairs WHERE writer = ? ORDER BY n, half').all(name);
    const numbers = rows.filter((row) => row.half === 'left').map((row) => Number(row.n));
    const whole = numbers.flatMap((n) => ['left', 'right'].map((half) => ({ n, half, filling: filling(n) })));
    expect(rows.map((row) => ({ ...row }))).toEqual(whole);
    return numbers;
  } finally {
    db.close();
  }
}

/** Kills a writer so many times over one file, and looks at all of the file after each. */
async function killWriter(kills: number): Promise<{ pairs: number; unacknowledged: number; counted: number }> {
  const path = join(tempFolder('kill-'), 'store.db');
  let next = 0;
  let unacknowledged = 0;
  for (let kill = 0; kill < kills; kill++) {
    const { child, told } = writer(path, 'w', next, 1_000_000);
    while (told().length <= kill % 4) await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    const there = pairsOf(path, 'w');
    const acknowledged = (told().at(-1) as number) + 1;
    expect(there).toEqual(Array.from({ length: there.length }, (_, n) => n));
    expect(there.length).toBeGreaterThanOrEqual(acknowledged);
    expect(there.length - acknowledged).toBeLessThanOrEqual(1);
    unacknowledged += there.length - acknowledged;
    next = there.length;
  }
  const { store } = await sqliteStore({ path, tables: 'expect' }, writerSchema);
  const counted = (await store.read('totals', ['all']))?.total as number;
  return { pairs: next, unacknowledged, counted };
}

const kills = killsOr(50);

test(
  `${kills} times killed while it writes: nothing acknowledged is lost, no write is half there, and the file opens`,
  async () => {
    for (const round of roundsOf(kills)) {
      const { pairs, unacknowledged, counted } = await killWriter(round);
      // Between a pair and its count a kill may have come, and nowhere else.
      expect(counted).toBeLessThanOrEqual(pairs);
      expect(counted).toBeGreaterThanOrEqual(pairs - unacknowledged);
    }
  },
  kills * 30_000,
);

test('three processes write at once: none loses a record, and none an update of another', async () => {
  const path = join(tempFolder('many-'), 'store.db');
  const names = ['a', 'b', 'c'];
  const writers = names.map((name) => writer(path, name, 0, 60));
  const ends = await Promise.all(writers.map(({ child }) => once(child, 'close')));
  expect(ends.map(([status]) => status)).toEqual([0, 0, 0]);
  for (const name of names) expect(pairsOf(path, name)).toHaveLength(60);
  const { store } = await sqliteStore({ path, tables: 'expect' }, writerSchema);
  expect(await store.read('totals', ['all'])).toMatchObject({ total: 180 });
});
