import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { move } from '../../src/move/move.ts';
import { plan } from '../../src/move/plan.ts';
import { retry } from '../../src/move/retry.ts';
import { verify } from '../../src/move/verify.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { addDocument, documents, targetOf } from '../support/documents.ts';

const tables = (report: Awaited<ReturnType<typeof move>>) =>
  Object.fromEntries(
    report.tables.map(({ target, rows, loaded, rejected, columns }) => [
      target,
      { rows, loaded, rejected, columns: Object.fromEntries(columns.map(({ target: name, type }) => [name, type])) },
    ]),
  );

test('a folder of documents with binary files moves: a table a folder, a column a member, every value in its own type', async () => {
  const database = await freshDatabase();
  const image = Buffer.from([0xff, 0xd8, 0, 1, 2]);
  const folder = documents({
    'forms/f1.json': {
      form_id: 'f1',
      title: 'पहला',
      pages: 2,
      width: 595.5,
      open: true,
      at: '2026-03-01T09:30:00.123456',
      fields: [{ n: 1 }],
      odd: 1,
    },
    'forms/f2.json': {
      form_id: 'f2',
      title: '',
      pages: 3,
      width: 612,
      open: false,
      at: '2026-03-02T00:00:00',
      fields: [],
      odd: 'x',
      extra: { deep: [null] },
    },
    'sessions/s1.json': '{"serial": 9007199254740993, "price": 0.12345678901234567890123, "note": null}',
    'sessions/s2.json': '{"serial": 1, "price": 10.50}',
    'originals/f1.png': image,
    'session_files/s1/photo.bin': 'text',
  });
  const stagingFolder = join(tempFolder(), 'staging');
  const report = await move({ source: `files:${folder}`, target: targetOf(database), stagingFolder });
  expect(report).toMatchObject({ verdict: 'equal', exitCode: 0, source: `files:${folder}`, notMoved: [] });
  expect(tables(report)).toEqual({
    forms: {
      rows: 2,
      loaded: 2,
      rejected: 0,
      columns: {
        form_id: 'text',
        title: 'text',
        pages: 'integer',
        width: 'double precision',
        open: 'boolean',
        at: 'timestamptz',
        fields: 'jsonb',
        odd: 'jsonb',
        extra: 'jsonb',
      },
    },
    sessions: {
      rows: 2,
      loaded: 2,
      rejected: 0,
      columns: { id: 'text', serial: 'bigint', price: 'numeric', note: 'text' },
    },
    files: { rows: 2, loaded: 2, rejected: 0, columns: { id: 'text', content: 'bytea' } },
  });
  const { rows: sessions } = await database.query(
    'select id, serial::text, price::text, note from sessions order by id',
  );
  expect(sessions).toEqual([
    { id: 's1', serial: '9007199254740993', price: '0.12345678901234567890123', note: null },
    { id: 's2', serial: '1', price: '10.50', note: null },
  ]);
  const { rows: forms } = await database.query('select title, at::text, odd::text, extra from forms order by form_id');
  expect(forms).toEqual([
    { title: 'पहला', at: '2026-03-01 09:30:00.123456+00', odd: '1', extra: null },
    { title: '', at: '2026-03-02 00:00:00+00', odd: '"x"', extra: { deep: [null] } },
  ]);
  const { rows: files } = await database.query('select id, content from files order by id');
  expect(files).toEqual([
    { id: 'originals/f1.png', content: image },
    { id: 'session_files/s1/photo.bin', content: Buffer.from('text') },
  ]);
  expect(report.warnings.join()).toMatch(/records of sessions some lack a member.*"note" in 1 \(and null in 1\)/);
  expect(readdirSync(stagingFolder)).toEqual(['.gitignore']);
  expect(await verify({ source: `files:${folder}`, target: targetOf(database) })).toMatchObject({ verdict: 'equal' });
  addDocument(folder, 'sessions/s2.json', { serial: 2, price: 10.5 });
  expect(await verify({ source: `files:${folder}`, target: targetOf(database) })).toMatchObject({
    verdict: 'different',
    differences: [{ table: 'sessions', kind: 'different', columns: ['serial'] }],
  });
});

test('documents that cannot be read stop the run by name, are withheld under quarantine, and retried once they are mended', async () => {
  const database = await freshDatabase();
  const folder = documents({
    'notes/a.json': { text: 'whole' },
    'notes/b.json': '{"text": "to',
    'notes/c.json': '{"text": 1, "text": 2}',
    'notes/d.json': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    'notes/e.json': '',
    'notes/f.json.tmp': '{}',
  });
  symlinkSync('a.json', join(folder, 'notes/g.json'));
  const source = `files:${folder}`;
  const stopped = await move({ source, target: targetOf(database), showValues: true });
  expect(stopped).toMatchObject({ verdict: 'stopped', exitCode: 3 });
  expect(stopped.badValues).toMatchObject([
    { table: 'notes', code: 'E_DOCUMENT_UNREADABLE', count: 5 },
    { table: 'files', code: 'E_DOCUMENT_UNREADABLE', count: 1 },
  ]);
  const { rows: none } = await database.query(`select 1 from pg_tables where schemaname = 'public'`);
  expect(none).toEqual([]);
  const quarantineFile = join(tempFolder(), 'list.jsonl');
  const report = await move({ source, target: targetOf(database), badValues: 'quarantine', quarantineFile });
  expect(report).toMatchObject({ verdict: 'accounted', exitCode: 4, quarantineFile, rows: 7 });
  expect(report.tables.map(({ source: table, rows, loaded, rejected }) => [table, rows, loaded, rejected])).toEqual([
    ['files', 1, 0, 1],
    ['notes', 6, 1, 5],
  ]);
  const said = [stopped, report].map(({ warnings }) => warnings.join('\n'));
  for (const words of [
    'b is not whole JSON',
    'c has two members of one name',
    'd is not UTF-8',
    'e is empty',
    'g is a symbolic link',
    'notes/f.json.tmp is a temporary file',
  ])
    expect(said[0]).toContain(words);
  expect(said[1]).toMatch(/#\w{12} \(1 bytes\) is not whole JSON/);
  expect(await verify({ source, target: targetOf(database) })).toMatchObject({ verdict: 'different', exitCode: 1 });
  expect(await verify({ source, target: targetOf(database), quarantine: quarantineFile })).toMatchObject({
    verdict: 'equal',
  });
  addDocument(folder, 'notes/b.json', { text: 'mended' });
  expect(await retry({ rejects: quarantineFile, target: targetOf(database) })).toMatchObject({ rows: 6 });
  const { rows } = await database.query('select id, text from notes order by id');
  expect(rows).toEqual([
    { id: 'a', text: 'whole' },
    { id: 'b', text: 'mended' },
  ]);
  expect(existsSync(quarantineFile)).toBe(true);
});

const person = 'zz-canary-person';

test('what a document is called is told in the list alone, unless values are asked for: it may name a person', async () => {
  const database = await freshDatabase();
  const folder = documents({
    'notes/a.json': { n: 1 },
    [`notes/${person}.json`]: '{',
    [`notes/bom-${person}.json`]: Buffer.from('\ufeff{"n":2}'),
    [`notes/${person}/.hidden`]: '',
    [`.${person}.swp`]: '',
    [`files/${person}.tmp`]: '',
  });
  const quarantineFile = join(tempFolder(), 'list.jsonl');
  const options = { source: `files:${folder}`, badValues: 'quarantine', quarantineFile } as const;
  const report = await move({ ...options, target: targetOf(database) });
  expect(report).toMatchObject({
    exitCode: 4,
    notMoved: [
      { name: expect.stringMatching(/^#\w{12} \(\d+ bytes\)$/) },
      { name: expect.stringMatching(/^notes\/#\w{12} \(\d+ bytes\)$/) },
    ],
  });
  expect(JSON.stringify(report)).not.toContain(person);
  expect(readFileSync(quarantineFile, 'utf8')).toContain(person);
  const planned = await plan(options);
  expect(JSON.stringify(planned)).not.toContain(person);
  expect(planned).toMatchObject({
    notMoved: [{ why: expect.stringMatching(/dot/) }, { why: expect.stringMatching(/dot/) }],
    warnings: expect.arrayContaining([expect.stringMatching(/began with a byte order mark/)]),
  });
  const other = { ...options, quarantineFile: `${quarantineFile}-2`, schema: 'plain', showValues: true };
  const told = await move({ ...other, target: targetOf(database) });
  expect(told.notMoved).toMatchObject([{ name: `.${person}.swp` }, { name: `notes/${person}/.hidden` }]);
  expect(told.warnings.join('\n')).toContain(`notes/bom-${person}.json began with a byte order mark.`);
  expect(told.warnings.join('\n')).toContain(`${person} is not whole JSON`);
});

test('a move of documents that was stopped in its middle is continued by the same call, and refused when they have changed', async () => {
  const database = await freshDatabase();
  const folder = documents({ 'a/x.json': { n: 1 }, 'b/y.json': { n: 2 } });
  const source = `files:${folder}`;
  const stop = async (): Promise<void> => {
    const stopper = new AbortController();
    const onProgress = ({ phase }: { phase: string }): void => (phase === 'index' ? stopper.abort() : undefined);
    const stopped = move({ source, target: targetOf(database), signal: stopper.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  };
  await stop();
  addDocument(folder, 'a/x.json', { n: 3 });
  await expect(move({ source, target: targetOf(database) })).rejects.toMatchObject({ code: 'E_SOURCE_CHANGED' });
  addDocument(folder, 'a/x.json', { n: 1 });
  expect(await move({ source, target: targetOf(database) })).toMatchObject({ verdict: 'equal', rows: 2 });
  await expect(plan({ source: 'jsn:data' })).rejects.toMatchObject({ code: 'E_USAGE' });
  await expect(plan({ source: 'files:nowhere' })).rejects.toMatchObject({ code: 'E_SOURCE_MISSING' });
});
