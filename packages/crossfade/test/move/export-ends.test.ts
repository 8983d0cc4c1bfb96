import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportSchema, type ExportOptions } from '../../src/export/export.ts';
import { type CopyKind, copyKinds } from '../../src/export/place.ts';
import { move } from '../../src/move/move.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { targetOf } from '../support/documents.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  await database.query(
    `create table a as select n as id, repeat('x', 100) as v from generate_series(1, 200) n; alter table a add primary key (id);
     create table b (id int primary key); insert into b select generate_series(1, 3)`,
  );
});

afterAll(() => database.drop());

const copied = (to: string, options: Partial<ExportOptions> = {}) =>
  exportSchema({ from: targetOf(database), to, ...options });

/** Does something once, at a point of the run. */
const at = (phase: string, table: string, act: () => void): Pick<ExportOptions, 'onProgress'> => {
  let done = false;
  return {
    onProgress: (progress) => {
      if (done || progress.phase !== phase || progress.table !== table) return;
      done = true;
      act();
    },
  };
};

describe.each(copyKinds)('%s', (kind) => {
  test.each(['copy', 'verify'])('interrupted at the %s of the last table it leaves nothing', async (phase) => {
    const folder = tempFolder();
    const interrupt = new AbortController();
    const running = copied(`${kind}:${join(folder, 'copy')}`, {
      signal: interrupt.signal,
      ...at(phase, 'b', () => interrupt.abort()),
    });
    await expect(running).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('of two at once for one place the first one stands whole, and the other says so', async () => {
    const folder = tempFolder();
    const to = `${kind}:${join(folder, 'copy')}`;
    const ends = await Promise.allSettled([copied(to), copied(to)]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'E_EXPORT_UNWRITABLE' } });
    expect(readdirSync(folder)).toEqual(['copy']);
    const again = await freshDatabase();
    expect(await move({ source: to, target: targetOf(again), jobs: 1 })).toMatchObject({ verdict: 'equal', rows: 203 });
  });
});

test.each<[CopyKind, string, (path: string) => void]>([
  ['sqlite', 'an empty file', (path) => writeFileSync(path, '')],
  ['json', 'a link to nowhere', (path) => symlinkSync('nowhere', path)],
  ['files', 'a file', (path) => writeFileSync(path, 'mine')],
  ['files', 'an empty folder', (path) => mkdirSync(path)],
])('%s does not replace %s that has come to its place meanwhile', async (kind, _, come) => {
  const folder = tempFolder();
  const running = copied(
    `${kind}:${join(folder, 'copy')}`,
    at('verify', 'b', () => come(join(folder, 'copy'))),
  );
  await expect(running).rejects.toMatchObject({ code: 'E_EXPORT_UNWRITABLE', facts: { reason: 'EEXIST' } });
  expect(readdirSync(folder)).toEqual(['copy']);
});
