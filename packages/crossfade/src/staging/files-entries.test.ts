import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documents } from '../../test/support/documents.ts';
import { filesPlace, personOf } from '../../test/support/files-place.ts';
import type { Entry } from './entry.ts';
import { filesEntries } from './files-entries.ts';

/** What a directory consists of, by the kind of its entries: the names of records, and of whatever is listed. */
async function entriesOf(dir: string): Promise<Record<string, string[]>> {
  const found: Entry[] = [];
  for await (const entry of filesEntries(dir)) found.push(entry);
  const named = found.map((entry) => ({ kind: entry.kind, name: nameOf(entry) }));
  const groups = Object.groupBy(named, ({ kind }) => kind);
  return Object.fromEntries(Object.entries(groups).map(([kind, some]) => [kind, some.map(({ name }) => name)]));
}

function nameOf(entry: Entry): string {
  return 'name' in entry ? `${'table' in entry ? `${entry.table}: ` : ''}${entry.name}` : entry.table;
}

const photo = new Uint8Array([1, 2, 3]);

test('a record whose removal a store has noted does not come back, nor do the bytes of one that is gone', async () => {
  const { dir, store, plant } = filesPlace();
  for (const id of ['a', 'b', 'torn'])
    await store.write([{ kind: 'put', collection: 'people', row: personOf(id, { photo }) }]);
  for (const number of [1, 2])
    await store.write([{ kind: 'put', collection: 'notes', row: { number, person: 'a', slug: `s${number}` } }]);
  await store.close();
  const [ofA, ofTorn] = ['a', 'torn'].map((id) =>
    readdirSync(join(dir, 'people')).find((name) => name.startsWith(`${id}.photo.`)),
  );
  writeFileSync(join(dir, 'people', 'torn.json'), '{');
  plant('.removing', '[["people","a.json"],["notes","1.json"]]');
  expect(await entriesOf(dir)).toEqual({
    aside: ['.lock', '.removing', 'notes/1.json', 'people/a.json', `people/${ofA}`],
    empty: ['loose', 'notes', 'people'],
    record: ['notes: 2', 'people: b', `files: people/${ofTorn}`],
    unreadable: ['people: torn'],
  });
  plant('.removing', '[["..","x.json"]]');
  await expect(entriesOf(dir)).rejects.toMatchObject({ code: 'E_STORE_DAMAGED' });
});

test('whatever lies in a folder is moved or listed: empty folders, temporary files, folders that are called like documents', async () => {
  const dir = documents({
    't/a.json': { n: 1 },
    't/x.json/b.json': { n: 2 },
    'y.json/c.json': { n: 3 },
    't/w.tmp': '',
  });
  for (const path of ['t/deep/empty', 't/.git', 'hollow/hollow']) mkdirSync(join(dir, path), { recursive: true });
  for (const path of ['.0123456789abcdef.tmp', 't/.0123456789abcdef.tmp', 't/.lock'])
    writeFileSync(join(dir, path), '');
  expect(await entriesOf(dir)).toEqual({
    aside: ['.0123456789abcdef.tmp', 'hollow/hollow', 't/.0123456789abcdef.tmp', 't/.git', 't/.lock', 't/deep/empty'],
    record: ['t: a', 't: x.json/b', 'y.json: c'],
    unreadable: ['files: t/w.tmp'],
  });
});

test.each([
  ['a document', { 'people/anna.json': '{}', 'people/berta.json': '{}' }, 'people/berta.json'],
  ['a folder of documents', { 'people/anna.json': '{}', 'people/berta/x.json': '{}' }, 'people/berta'],
  ['a document beside the folders', { 'anna.json': '{}', 'berta.json': '{}' }, 'berta.json'],
])('an error about %s below does not tell its name, unless that is asked for', async (_what, files, gone) => {
  const failure = async (showValues: boolean): Promise<unknown> => {
    const dir = documents(files);
    const entries = filesEntries(dir, showValues);
    await entries.next();
    rmSync(join(dir, gone), { recursive: true });
    return entries
      .next()
      .then(String, ({ message, facts }) => `${message} ${JSON.stringify(facts)}`.replaceAll(dir, 'DIR'));
  };
  const hidden = await failure(false);
  expect(hidden).not.toMatch(/berta/);
  expect(hidden).toMatch(
    gone.startsWith('people') ? /DIR\/people\/#[0-9a-f]{12} .* changed/ : /DIR\/#[0-9a-f]{12} .* changed/,
  );
  expect(await failure(true)).toContain(`DIR/${gone} changed`);
});

test('a name that is not UTF-8 is refused by its table alone', async () => {
  const dir = documents({ 'people/anna.json': '{}', 'people/berta/x.json': '{}' });
  writeFileSync(Buffer.concat([Buffer.from(join(dir, 'people', 'berta', 'y')), Buffer.from([0xff])]), '');
  await expect(entriesOf(dir)).rejects.toMatchObject({
    code: 'E_SOURCE_UNREADABLE',
    message: expect.stringMatching(/\/people\/#[0-9a-f]{12} \(5 bytes\) holds/),
    facts: { path: expect.not.stringContaining('berta') },
  });
});
