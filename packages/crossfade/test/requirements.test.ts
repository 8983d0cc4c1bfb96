import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const crossfade = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(crossfade, '../../docs/reference/requirements.md'), 'utf8');

/** `path`: *name*; *another name* */
function shownBy(row: string): { path: string; name: string }[] {
  return [...row.matchAll(/`([\w./-]+\.test\.ts)`: ((?:\*[^*]+\*(?:; )?)+)/g)].flatMap(([, path = '', names = '']) =>
    [...names.matchAll(/\*([^*]+)\*/g)].map(([, name = '']) => ({ path, name })),
  );
}

test('every demand on migrations names a test, and every test that is named is there', () => {
  const rows = page.split('\n').filter((line) => /^\| (?!there|\| demand)/.test(line));
  expect(rows.filter((row) => shownBy(row).length === 0)).toEqual([]);
  const numbers = rows.flatMap((row) => /^\| (D\d\d) /.exec(row)?.[1] ?? []);
  expect(numbers).toEqual(Array.from({ length: 13 }, (_, n) => `D${String(n + 1).padStart(2, '0')}`));
  const missing = rows.flatMap(shownBy).filter(({ path, name }) => {
    const file = join(crossfade, path);
    return !existsSync(file) || !readFileSync(file, 'utf8').includes(name);
  });
  expect(missing).toEqual([]);
});
