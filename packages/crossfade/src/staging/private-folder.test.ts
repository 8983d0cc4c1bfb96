import { chmodSync, existsSync, mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { jsonFile } from '../../test/support/documents.ts';
import { record } from './entry.ts';
import { lay } from './lay.ts';
import { stage } from './stage.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('a copy is its owner’s alone, and what a killed run has left is removed by the next, however young it is', async () => {
  const staging = join(tempFolder(), 'staging');
  const left = join(staging, '0123456789abcdef');
  mkdirSync(left, { recursive: true });
  for (const name of ['source.sqlite', '.lock']) writeFileSync(join(left, name), '');
  const laid = await stage(`json:${jsonFile('[{"a":1}]')}`, { folder: staging });
  expect(existsSync(left)).toBe(false);
  expect(modeOf(laid.path)).toBe('600');
  expect(modeOf(join(laid.path, '..'))).toBe('700');
  const other = await stage(`json:${jsonFile('[{"a":1}]')}`, { folder: staging });
  expect(existsSync(laid.path)).toBe(true);
  expect(other.digest).toBe(laid.digest);
  other.remove();
  laid.remove();
  expect(readdirSync(staging)).toEqual([]);
});

test('a folder that was there already keeps its rights and gets nothing but the copy; one that is made is kept out of git', async () => {
  const theirs = tempFolder();
  chmodSync(theirs, 0o755);
  mkdirSync(join(theirs, 'fedcba9876543210'));
  const laid = await stage(`json:${jsonFile('[{"a":1}]')}`, { folder: theirs });
  laid.remove();
  expect([modeOf(theirs), readdirSync(theirs)]).toEqual(['755', ['fedcba9876543210']]);
  const made = join(theirs, 'made');
  (await stage(`json:${jsonFile('[{"a":1}]')}`, { folder: made })).remove();
  expect([modeOf(made), readdirSync(made)]).toEqual(['700', ['.gitignore']]);
});

test('records that do not fit into memory wait beside the copy, and in no folder of the system', async () => {
  const folder = tempFolder();
  const opened = new Set<string>();
  const text = `{"n":"${'x'.repeat(4_000)}"}`;
  await lay(join(folder, 'copy.sqlite'), async function* read() {
    for (let n = 0; n < 4_000; n++) yield record('t', `r${n}`, text);
    for (const descriptor of readdirSync('/proc/self/fd')) opened.add(linkOf(join('/proc/self/fd', descriptor)));
  });
  const files = [...opened].filter((path) => path.startsWith('/') && /tmp/.test(path));
  expect(files.filter((path) => path.startsWith(folder)).sort()).toEqual(
    ['copy.sqlite', 'copy.sqlite-scratch'].map((name) => join(folder, name)),
  );
  expect(files.filter((path) => path.includes('etilqs'))).toEqual([]);
  expect(readdirSync(folder)).toEqual(['copy.sqlite']);
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
