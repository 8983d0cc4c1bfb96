import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { resolveTarget } from './resolve.ts';
import type { Target } from './target.ts';

let home: string;
beforeEach(() => {
  home = tempFolder();
});

function resolve(to: string, env: Record<string, string> = {}): Target | null {
  return resolveTarget({ to, env: { HOME: home, ...env } });
}

test.each([
  ['*:*:*:*:pw', 'pw'],
  ['#h.example:5432:app:ann:no\nh.example:5432:app:ann:pw', 'pw'],
  ['h.example:5432:app:bob:no\nh.example:5433:app:ann:no\nh.example:5432:app:ann:pw', 'pw'],
  ['h.example:5432:app:ann:a\\:b\\\\c', 'a:b\\c'],
  ['h.example:5432:app:ann:first\n*:*:*:*:second', 'first'],
  ['\\*:5432:app:ann:no', undefined],
  ['h.example:5432:app:ann:', undefined],
  ['h.example:5432:app', undefined],
  ['h.example:5432:app:ann:pw\r\n', 'pw'],
])('the password file %j gives %j', (content, password) => {
  passfile(content);
  expect(resolve('postgres://ann@h.example/app')?.password).toBe(password);
});

test('colons and backslashes in the names of a password file are escaped', () => {
  passfile('2001\\:db8\\:\\:1:5432:a\\\\:ann:pw');
  expect(resolve('postgres://ann@[2001:db8::1]/a%5C')?.password).toBe('pw');
});

test('a socket in its usual place is localhost in a password file', () => {
  passfile('localhost:5432:app:ann:pw');
  expect(resolve('postgres://ann@/app?host=/var/run/postgresql')?.password).toBe('pw');
});

test.runIf(process.platform !== 'win32')(
  'a password file that others can read is not used, and the target says so',
  () => {
    const path = passfile('*:*:*:*:pw');
    chmodSync(path, 0o640);
    const target = resolve('postgres://ann@h.example/app');
    expect(target).not.toHaveProperty('password');
    expect(target?.warnings?.join()).toContain(`chmod 600 ${path}`);
  },
);

test('another password file can be named, also in the URL', () => {
  const path = join(home, 'other');
  writeFileSync(path, '*:*:*:*:other', { mode: 0o600 });
  expect(resolve('postgres://h/app', { PGPASSFILE: path })?.password).toBe('other');
  expect(resolve(`postgres://h/app?passfile=${encodeURIComponent(path)}`)?.password).toBe('other');
});

function passfile(content: string): string {
  const path = join(home, '.pgpass');
  writeFileSync(path, `${content}\n`, { mode: 0o600 });
  return path;
}
