import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/index.ts';
import { storeSuite, suiteSchema } from '../../src/store/suite/suite.ts';
import { tempFolder } from '../harness/folders.ts';
import { logDriver } from './log-driver.ts';

describe('the driver of docs/guides/write-a-driver.md is a store', () => {
  storeSuite(test, async () => {
    const path = join(tempFolder(), 'records.log');
    return { driver: () => logDriver(path) };
  });
});

test('the guide shows this very driver', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/write-a-driver.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL('log-driver.ts', import.meta.url), 'utf8');
  const body = source.slice(source.indexOf('/** Records in a file'));
  expect(guide).toContain(body.trim());
});

test('half a line, left by a process that died, is nobody’s record', async () => {
  const path = join(tempFolder(), 'records.log');
  const store = openStore(suiteSchema, logDriver(path));
  await store.write([{ kind: 'insert', collection: 'words', row: { word: 'a', n: 1 } }]);
  await store.close();
  appendFileSync(path, '["[\\"words\\",\\"b\\"]",{"wo');
  await store.open();
  await store.write([{ kind: 'insert', collection: 'words', row: { word: 'c', n: 3 } }]);
  await store.close();
  await store.open();
  expect(await store.read('words', ['b'])).toBeNull();
  expect(await store.read('words', ['c'])).toEqual({ word: 'c', n: 3 });
  await store.close();
});
