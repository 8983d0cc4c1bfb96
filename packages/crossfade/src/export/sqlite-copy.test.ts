import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';

/** More than SQLite sorts in memory, by an index. */
const program = (path: string): string => `
  import { SqliteCopy } from ${JSON.stringify(new URL('sqlite-copy.ts', import.meta.url).href)};
  const columns = [{ name: 'v', form: { cell: (text) => text } }];
  const tables = [{ name: 't', columns, create: 'CREATE TABLE t (v TEXT)', indexes: ['CREATE INDEX i ON t (v)'], sequence: null }];
  const copy = new SqliteCopy(${JSON.stringify(path)}, tables);
  const take = copy.rows(tables[0]);
  for (let n = 0; n < 8_000; n++) take([String(n % 97).padEnd(4_000, String(n))]);
  copy.finish(tables);`;

test('no row is written into a folder of the system, however much an index sorts', () => {
  const [folder, system] = [tempFolder(), tempFolder()];
  const before = statSync(system, { bigint: true }).mtimeNs;
  // SQLite asks once for the folder of its temporary files, so a process of its own; it removes each as soon as it is open.
  execFileSync(process.execPath, ['--input-type=module', '-e', program(join(folder, 'copy.db'))], {
    env: { ...process.env, SQLITE_TMPDIR: system },
    stdio: 'pipe',
  });
  expect(statSync(system, { bigint: true }).mtimeNs).toBe(before);
  expect(readdirSync(folder)).toEqual(['copy.db']);
});
