import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { serverEnv } from '../support/cli.ts';
import { runHere } from '../support/cli-here.ts';
import { addDocument } from '../support/documents.ts';
import { schemaDump } from '../support/migrations.ts';
import { PlainNocodb } from '../support/nocodb-place.ts';
import { type StandIn, startStandIn } from '../support/nocodb-stand-in.ts';
import { relationsOf } from '../support/schema-of.ts';

let server: StandIn;
beforeAll(async () => {
  server = await startStandIn();
});
afterAll(() => server.stop());

/** A source that is no SQLite file, and what its first migration has to say. */
interface Kind {
  /** Makes one below this folder, and says how a command that is called there is told of it. */
  readonly make: (cwd: string) => string | Promise<string>;
  readonly rows: number;
  /** Of the up file; the comments with the evidence among it. */
  readonly says: readonly RegExp[];
}

const forms = [
  { form_id: 'f1', title: "it's; one", pages: 2, at: '2026-03-01T09:30:00.123456', fields: [{ n: 1 }] },
  { form_id: 'f2', title: '', pages: 3, at: '2026-03-02T00:00:00', fields: [] },
];

const kinds: Readonly<Record<string, Kind>> = {
  'a folder of documents with binary files': {
    make: (cwd) => {
      addDocument(cwd, 'data/forms/f1.json', forms[0]);
      addDocument(cwd, 'data/forms/f2.json', forms[1]);
      addDocument(cwd, 'data/originals/f1.png', Buffer.from([0xff, 0, 1]));
      return 'files:data';
    },
    rows: 3,
    says: [/"pages" +integer/, /"at" +timestamptz/, /"fields" +jsonb/, /"content" +bytea/],
  },
  'a JSON export': {
    make: (cwd) => {
      addDocument(cwd, 'app.json', { forms, users: [{ id: 1, email: 'a@example.org', ok: true }] });
      return 'json:app.json';
    },
    rows: 3,
    says: [/"pages" +integer/, /"fields" +jsonb/, /"email" +text/, /"ok" +boolean/],
  },
  'a base of NocoDB': {
    make: madeBase,
    rows: 4,
    says: [/"price" +double precision/, /"day" +date/, /"ok" +boolean/, /"facts" +jsonb?/],
  },
};

test.each(Object.entries(kinds))('%s: plan, up, move, down, up', async (_name, { make, rows, says }) => {
  const [database, cwd] = [await freshDatabase(), tempFolder()];
  const source = await make(cwd);
  const env = { ...serverEnv(database), NOCODB_TOKEN: server.token };
  const run = async (...args: string[]) => {
    const { status, stdout, stderr } = await runHere([...args, '--json'], { cwd, env });
    expect([args.join(' '), status, stderr]).toEqual([args.join(' '), 0, expect.any(String)]);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const { files, fillWith } = await run('plan', source, '--migrations', 'migrations', '--name', 'first');
  expect(files).toEqual(['up', 'down'].map((way) => join('migrations', `000001_first.${way}.sql`)));
  const [up = '', down = ''] = (files as string[]).map((file) => readFileSync(join(cwd, file), 'utf8'));
  expect(up).toMatch(/^-- The schema that a move makes/);
  expect([fillWith, up]).toEqual([`crossfade move ${source}`, expect.stringContaining(`--   ${String(fillWith)}\n`)]);
  for (const said of says) expect(up).toMatch(said);
  expect(down).toMatch(/^-- .+\n/);

  expect(await run('migrate', 'up')).toMatchObject({ from: null, version: '1' });
  const made = await schemaDump(database);
  expect(await run('move', source)).toMatchObject({ verdict: 'equal', rows });
  expect(await run('verify', source)).toMatchObject({ verdict: 'equal' });
  expect(await schemaDump(database)).toEqual(made);

  expect(await run('migrate', 'down', '--all')).toMatchObject({ version: null });
  expect((await relationsOf(database)).filter((name) => !/^(schema|crossfade)_migration/.test(name))).toEqual([]);
  expect(await run('migrate', 'up')).toMatchObject({ version: '1' });
  expect(await schemaDump(database)).toEqual(made);
  expect(readdirSync(join(cwd, 'migrations'))).toHaveLength(2);
});

async function madeBase(): Promise<string> {
  const plain = new PlainNocodb(server);
  const id = { title: 'Id', column_name: 'id', uidt: 'ID', pk: true, ai: true, rqd: true };
  const types = { name: 'SingleLineText', price: 'Decimal', day: 'Date', ok: 'Checkbox', facts: 'JSON' };
  const table = async (title: string, columns: Readonly<Record<string, string>>): Promise<string> => {
    const asked = Object.entries(columns).map(([name, uidt]) => ({ title: name, column_name: name, uidt }));
    const path = `/api/v2/meta/bases/${server.base}/tables`;
    const { body } = await plain.ask('POST', path, { title, table_name: title, columns: [id, ...asked] });
    return (body as { id: string }).id;
  };
  const [people, visits] = [await table('people', types), await table('visits', { note: 'LongText' })];
  const links = { title: 'Links', uidt: 'Links', type: 'mm', parentId: people, childId: visits };
  await plain.ask('POST', `/api/v2/meta/tables/${people}/columns`, links);
  await plain.insert('people', [
    { name: "it's; one", price: 1.25, day: '2026-01-02', ok: true, facts: '{"a":[1]}' },
    { name: null, price: null, day: null, ok: false, facts: null },
  ]);
  await plain.insert('visits', [{ note: 'one' }, { note: 'two' }]);
  return `nocodb:${server.url}/${server.base}`;
}
