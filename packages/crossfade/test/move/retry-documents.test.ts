import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesDriver } from '../../src/drivers/files/files.ts';
import { move } from '../../src/move/move.ts';
import { plan } from '../../src/move/plan.ts';
import { retry } from '../../src/move/retry.ts';
import { verify } from '../../src/move/verify.ts';
import { collections } from '../../src/schema/collection.ts';
import { openStore } from '../../src/store/store.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { addDocument, documents, targetOf } from '../support/documents.ts';

/** Moves a source under quarantine, and gives the list of what was withheld. */
async function withheld(source: string, database: TestDatabase): Promise<string> {
  const quarantineFile = join(tempFolder('withheld-'), 'list.jsonl');
  const report = await move({ source, target: targetOf(database), badValues: 'quarantine', quarantineFile });
  expect(report.exitCode).toBe(4);
  return quarantineFile;
}

test('a mended document that gives a member another form is refused: its values would be spelled otherwise', async () => {
  const database = await freshDatabase();
  const folder = documents({ 'notes/a.json': { text: 'x', n: 1 }, 'notes/b.json': '{"text": "to' });
  const source = `files:${folder}`;
  const target = targetOf(database);
  const planFile = join(tempFolder('plan-'), 'plan.json');
  writeFileSync(planFile, JSON.stringify(await plan({ source })));
  const rejects = await withheld(source, database);
  addDocument(folder, 'notes/b.json', { text: 5, n: 2 });
  const refusal = {
    message: expect.stringMatching(/"notes".*"text" laid as text.* as json now\. Nothing was done\. .*--schema/),
  };
  await expect(retry({ rejects, target })).rejects.toMatchObject({ code: 'E_REJECTS_INVALID', ...refusal });
  const comparison = verify({ source, target, quarantine: rejects });
  await expect(comparison).rejects.toMatchObject({ code: 'E_REJECTS_INVALID', ...refusal });
  const planned = {
    code: 'E_PLAN_INVALID',
    message: expect.stringMatching(/"notes".*"text" laid as text.* as json now/),
  };
  await expect(verify({ source, target, plan: planFile })).rejects.toMatchObject(planned);
  await expect(move({ source, target, plan: planFile, schema: 'other' })).rejects.toMatchObject(planned);
  expect((await database.query('select id, text, n from notes')).rows).toEqual([{ id: 'a', text: 'x', n: 1 }]);
  addDocument(folder, 'notes/b.json', { text: 'y', n: 2 });
  expect(await retry({ rejects, target })).toMatchObject({ verdict: 'equal', exitCode: 0 });
  expect(await verify({ source, target, plan: planFile })).toMatchObject({ verdict: 'equal' });
  expect((await database.query('select text from notes order by id')).rows).toEqual([{ text: 'x' }, { text: 'y' }]);
});

const people = collections({ people: { fields: { id: { type: 'text' }, n: { type: 'integer' } }, key: ['id'] } });

test('documents of our own store are retried by the keys that stand in them, whatever their files are called', async () => {
  const database = await freshDatabase();
  const [dir, target] = [tempFolder('store-'), targetOf(database)];
  const store = openStore(people, filesDriver({ dir }));
  const ids = ['Ab c', 'long'.repeat(80), 'plain'];
  for (const id of ids) await store.write([{ kind: 'insert', collection: 'people', row: { id, n: 1 } }]);
  await store.close();
  const whole = new Map(
    readdirSync(join(dir, 'people')).map((name) => [name, readFileSync(join(dir, 'people', name))]),
  );
  whole.delete('plain.json');
  for (const [name, bytes] of whole) writeFileSync(join(dir, 'people', name), bytes.subarray(0, -4));
  const rejects = await withheld(`files:${dir}`, database);
  expect(await retry({ rejects, target })).toMatchObject({ badValues: [{ code: 'E_DOCUMENT_UNREADABLE', count: 2 }] });
  for (const [name, bytes] of whole) writeFileSync(join(dir, 'people', name), bytes);
  const comparison = { source: `files:${dir}`, target };
  expect(await verify({ ...comparison, quarantine: rejects })).toMatchObject({ verdict: 'equal' });
  expect(await retry({ rejects, target })).toMatchObject({ verdict: 'equal', tables: [{ loaded: 2, rejected: 0 }] });
  expect(await verify(comparison)).toMatchObject({ verdict: 'equal', tables: [{ rows: 3 }] });
});

test('a mended document that is a table of its own is refused with the command that moves it, and then it moves', async () => {
  const database = await freshDatabase();
  const target = targetOf(database);
  const folder = documents({
    't/a.json': { n: 1 },
    't/b.json': '{"n":',
    't/log.json': '[{"line":"x"',
    'top.json': '[{',
  });
  const source = `files:${folder}`;
  const rejects = await withheld(source, database);
  addDocument(folder, 't/b.json', { n: 2 });
  addDocument(folder, 't/log.json', [{ line: 'x' }, { line: 'y' }]);
  const list = readFileSync(rejects, 'utf8');
  const without = (name: string) => list.split('\n').filter((line) => !line.includes(`{"utf8":"${name}"}`));
  await expect(retry({ rejects, target })).rejects.toMatchObject({
    code: 'E_REJECTS_INVALID',
    message: expect.stringMatching(/row of "t" has become the table "t\/log"\. Nothing was done\. .*--only "t\/log"/),
  });
  expect(await move({ source, target, only: ['t/log'] })).toMatchObject({ exitCode: 0, rows: 2 });
  writeFileSync(rejects, without('log').join('\n'));
  expect(await retry({ rejects, target })).toMatchObject({ rows: 2, tables: [{ loaded: 1 }, { rejected: 1 }] });
  addDocument(folder, 'top.json', [{ n: 1 }]);
  await expect(retry({ rejects, target })).rejects.toMatchObject({
    code: 'E_REJECTS_INVALID',
    message: expect.stringMatching(/"top" .*Nothing was done\. Move the documents .* --schema NAME/),
  });
  expect(await move({ source, target, schema: 'again' })).toMatchObject({ exitCode: 0, rows: 5 });
});

test('documents whose names differ by the case of their ending alone are two records, and a number has one spelling', async () => {
  const database = await freshDatabase();
  const target = targetOf(database);
  const folder = documents({ 't/a.json': { n: 1 }, 't/a.JSON': '{"n":', 'u/7.json': { id: 7 }, 'u/007.json': '{' });
  // An element of an array has no name, so the rows of this table are numbered.
  addDocument(folder, 'v/x.json', { n: 3 });
  addDocument(folder, 'v.json', [{ n: 1 }]);
  addDocument(folder, 'v/torn.json', '{');
  const rejects = await withheld(`files:${folder}`, database);
  addDocument(folder, 't/a.JSON', { n: 2 });
  addDocument(folder, 'v/torn.json', { n: 2 });
  expect(await retry({ rejects, target })).toMatchObject({
    exitCode: 4,
    tables: [{ loaded: 1 }, { rejected: 1 }, { loaded: 1 }],
  });
  expect((await database.query('select * from v order by n')).rows).toEqual([
    { id: null, n: 1 },
    { id: 'torn', n: 2 },
    { id: 'x', n: 3 },
  ]);
  expect((await database.query('select id, n from t order by n')).rows).toEqual([
    { id: 'a', n: 1 },
    { id: 'a.JSON', n: 2 },
  ]);
});

test('a key that is the spelling of another key is not taken for it', async () => {
  const database = await freshDatabase();
  const [dir, target] = [tempFolder('store-'), targetOf(database)];
  const store = openStore(people, filesDriver({ dir }));
  for (const id of ['A', '^a', 'plain'])
    await store.write([{ kind: 'insert', collection: 'people', row: { id, n: id === 'A' ? 1 : 2 } }]);
  await store.close();
  const file = join(dir, 'people', '^a.json');
  const [whole, other] = [readFileSync(file), join(dir, 'people', '%5ea.json')];
  const wholeOther = readFileSync(other);
  for (const [path, bytes] of [
    [file, whole],
    [other, wholeOther],
  ] as const)
    writeFileSync(path, bytes.subarray(0, -4));
  const rejects = await withheld(`files:${dir}`, database);
  writeFileSync(file, whole);
  writeFileSync(other, wholeOther);
  expect(await retry({ rejects, target })).toMatchObject({ verdict: 'equal', tables: [{ loaded: 2, rejected: 0 }] });
  const { rows } = await database.query('select id, n from people order by id collate "C"');
  expect(rows).toEqual([
    { id: 'A', n: 1 },
    { id: '^a', n: 2 },
    { id: 'plain', n: 2 },
  ]);
});

test('a damaged document that is called like the key of another record is withheld, and the other one is moved', async () => {
  const database = await freshDatabase();
  const [dir, target] = [tempFolder('store-'), targetOf(database)];
  const store = openStore(people, filesDriver({ dir }));
  for (const id of ['A', '^a']) await store.write([{ kind: 'insert', collection: 'people', row: { id, n: 1 } }]);
  await store.close();
  // The document of the key A.
  const file = join(dir, 'people', '^a.json');
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, -4));
  const comparison = { source: `files:${dir}`, target };
  const rejects = await withheld(comparison.source, database);
  expect((await database.query('select id from people')).rows).toEqual([{ id: '^a' }]);
  expect(await verify({ ...comparison, quarantine: rejects })).toMatchObject({
    verdict: 'equal',
    tables: [{ withheld: 1, different: 0, missing: null }],
  });
  const list = readFileSync(rejects, 'utf8');
  expect(await retry({ rejects, target })).toMatchObject({
    verdict: 'accounted',
    badValues: [{ code: 'E_DOCUMENT_UNREADABLE', count: 1 }],
    tables: [{ loaded: 0, present: 0, rejected: 1 }],
  });
  expect(readFileSync(rejects, 'utf8')).toBe(list);
  writeFileSync(file, whole);
  expect(await retry({ rejects, target })).toMatchObject({ verdict: 'equal', tables: [{ loaded: 1, rejected: 0 }] });
  expect(await verify(comparison)).toMatchObject({ verdict: 'equal', tables: [{ rows: 2 }] });
});
