import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { disarmStalePidFile } from './process.ts';
import { writeUnfollowed } from './unfollowed.ts';

test('a link in place of a stale postmaster.pid is not followed, whatever it leads to', () => {
  const folder = tempFolder();
  const [victim, pidFile] = [join(folder, 'passwd'), join(folder, 'postmaster.pid')];
  writeFileSync(victim, 'root:x:0:0\nmine');
  symlinkSync(victim, pidFile);
  expect(() => disarmStalePidFile(folder)).toThrow(
    expect.objectContaining({ code: 'E_POSTGRES_EMBEDDED', message: expect.stringContaining('symbolic link') }),
  );
  expect(readFileSync(victim, 'utf8')).toBe('root:x:0:0\nmine');
});

test('a file is written in its place, and one that is not there is not made', () => {
  const path = join(tempFolder(), 'postgresql.conf');
  expect(() => writeUnfollowed(path, 'x', 'append')).toThrow(expect.objectContaining({ code: 'E_POSTGRES_EMBEDDED' }));
  writeFileSync(path, 'longer\n');
  writeUnfollowed(path, 'more\n', 'append', true);
  expect(readFileSync(path, 'utf8')).toBe('longer\nmore\n');
  writeUnfollowed(path, 'new', 'replace');
  expect(readFileSync(path, 'utf8')).toBe('new');
});
