import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { probePrivate, replacePrivate, writePrivate } from './private-file.ts';

/** A file of somebody else's, and a link to it where we are about to write; one to nowhere, and one to a folder. */
function attack() {
  const folder = tempFolder();
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'mine', { mode: 0o644 });
  mkdirSync(join(folder, 'home'));
  const links = { victim, nowhere: join(folder, 'made-by-us'), home: join(folder, 'home') };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, `to-${name}`));
  return { folder, victim, links: Object.keys(links).map((name) => join(folder, `to-${name}`)) };
}

function expectUntouched({ folder, victim }: ReturnType<typeof attack>): void {
  expect(readFileSync(victim, 'utf8')).toBe('mine');
  expect((statSync(victim).mode & 0o777).toString(8)).toBe('644');
  expect([existsSync(join(folder, 'made-by-us')), readdirSync(join(folder, 'home'))]).toEqual([false, []]);
}

const unwritable = expect.objectContaining({ code: 'E_REPORT_UNWRITABLE' });

test('a new file is made by nobody else: neither a link nor a file in its place is followed or replaced', () => {
  const planted = attack();
  for (const link of planted.links) expect(() => writePrivate(link, 'secret')).toThrow(unwritable);
  expect(() => writePrivate(planted.victim, 'secret')).toThrow(unwritable);
  expectUntouched(planted);
  const path = join(planted.folder, 'new');
  writePrivate(path, 'secret');
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
});

test('a file that is replaced takes the place of a link, not of what the link leads to, and has no half-written brother', () => {
  const planted = attack();
  const before = readdirSync(planted.folder);
  for (const link of planted.links) {
    probePrivate(link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    replacePrivate(link, 'secret');
    expect(lstatSync(link).isFile()).toBe(true);
    expect([readFileSync(link, 'utf8'), (statSync(link).mode & 0o777).toString(8)]).toEqual(['secret', '600']);
  }
  expectUntouched(planted);
  expect(readdirSync(planted.folder)).toEqual(before);
});

test('a link to a database is not replaced: it is somebody’s way to it', () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'app.db'), 'SQLite format 3\0 and so on');
  symlinkSync('app.db', join(folder, 'link'));
  expect(() => replacePrivate(join(folder, 'link'), 'secret')).toThrow(unwritable);
  expect(readFileSync(join(folder, 'app.db'), 'utf8')).toContain('and so on');
});

test('a folder that is a link to a folder may be named: it is the last name that is not followed', () => {
  const folder = tempFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  replacePrivate(join(folder, 'link', 'report.json'), 'x');
  expect(readFileSync(join(folder, 'real', 'report.json'), 'utf8')).toBe('x');
});
