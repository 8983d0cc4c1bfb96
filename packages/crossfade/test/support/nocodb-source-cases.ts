import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { move } from '../../src/move/move.ts';
import { plan } from '../../src/move/plan.ts';
import { retry } from '../../src/move/retry.ts';
import { verify } from '../../src/move/verify.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { targetOf } from './documents.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';
import { type Fate, nocodbProxy, type Passing } from './nocodb-proxy.ts';

const id = { title: 'Id', column_name: 'id', uidt: 'ID', pk: true, ai: true, rqd: true };
const column = (title: string, uidt: string) => ({ title, column_name: `${title.toLowerCase()}_${uidt}`, uidt });
const sourceOf = ({ url, base }: NocodbPlace) => `nocodb:${url}/${base}`;
const secondsOf = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00$/;

/** A base of NocoDB as the source of a move: of the real one and of the stand-in alike. */
export function nocodbSourceCases(server: () => NocodbPlace): void {
  describe('a base is a source', () => {
    let place: NocodbPlace;
    let plain: PlainNocodb;
    beforeEach(async () => {
      vi.stubEnv('NOCODB_TOKEN', server().token);
      const made = await new PlainNocodb(server()).ask('POST', '/api/v2/meta/bases', { title: 'a source' });
      const { url, token, account } = server();
      place = { url, token, account, base: (made.body as { id: string }).id };
      plain = new PlainNocodb(place);
    });

    const make = async (title: string, columns: readonly object[]): Promise<string> => {
      const path = `/api/v2/meta/bases/${place.base}/tables`;
      const { body } = await plain.ask('POST', path, { table_name: title, title, columns: [id, ...columns] });
      return (body as { id: string }).id;
    };
    const addColumn = (table: string, asked: object) =>
      plain.ask('POST', `/api/v2/meta/tables/${table}/columns`, asked);
    const linked = async (parent: string, child: string): Promise<(one: number, others: number[]) => Promise<void>> => {
      await addColumn(parent, { title: 'Links', uidt: 'Links', type: 'mm', parentId: parent, childId: child });
      const { body } = await plain.ask('GET', `/api/v2/meta/tables/${parent}`);
      const link = (body as { columns: { id: string; title: string }[] }).columns.find(
        ({ title }) => title === 'Links',
      );
      return async (one, others) => {
        // The real one takes no thousand at once.
        for (let at = 0; at < others.length; at += 300) {
          const ids = others.slice(at, at + 300).map((Id) => ({ Id }));
          await plain.ask('POST', `/api/v2/tables/${parent}/links/${link?.id}/records/${one}`, ids);
        }
      };
    };

    test('every table moves: data in its type, links as numbers, and what is computed is named', async () => {
      const people = await make('people', [
        column('name', 'SingleLineText'),
        column('Name', 'LongText'),
        column('ok', 'Checkbox'),
        column('price', 'Decimal'),
        column('n', 'Number'),
        column('day', 'Date'),
        column('facts', 'JSON'),
        column('files', 'Attachment'),
      ]);
      const visits = await make('visits', [column('note', 'LongText')]);
      await make('nothing yet', [column('later', 'SingleLineText')]);
      await addColumn(people, { title: 'F', uidt: 'Formula', formula: '1', formula_raw: '1' });
      const link = await linked(people, visits);
      const files = [{ path: 'download/a.txt', title: 'a.txt', mimetype: 'text/plain', size: 5 }];
      const nasty = `'"\\ü\u{1f600},)("\n`;
      const facts = '{"a":[1,null]}';
      await plain.insert('people', [
        {
          [`name_SingleLineText`]: nasty,
          Name: 'a',
          ok: true,
          price: 1.25,
          n: 9007199254740991,
          day: '2026-01-02',
          facts,
        },
        { [`name_SingleLineText`]: '', Name: null, ok: false, price: null, n: -1, day: null, facts: null, files },
      ]);
      await plain.insert('visits', [{ note: 'one' }, { note: 'two' }]);
      await link(1, [1, 2]);
      await link(2, [2]);
      const database = await freshDatabase();
      const [target, stagingFolder] = [targetOf(database), join(tempFolder(), 'staging')];
      const report = await move({ source: sourceOf(place), target, stagingFolder });
      expect(report).toMatchObject({ verdict: 'equal', exitCode: 0, source: sourceOf(place), rows: 7 });
      expect(JSON.stringify(report)).not.toContain(place.token);
      expect(readdirSync(stagingFolder)).toEqual(['.gitignore']);
      const { rows } = await database.query('select * from people order by "Id"');
      const { CreatedAt } = rows[0] as { CreatedAt: unknown };
      expect(CreatedAt).toBeInstanceOf(Date);
      const asText = await database.query('select "CreatedAt"::text as at, day::text, files::text from people');
      expect(asText.rows).toMatchObject([
        { at: expect.stringMatching(secondsOf), day: '2026-01-02', files: null },
        { files: expect.not.stringContaining('signed') },
      ]);
      expect(rows).toMatchObject([
        { Id: 1, name: nasty, Name_2: 'a', ok: true, price: 1.25, n: '9007199254740991', facts: { a: [1, null] } },
        { Id: 2, name: '', Name_2: null, ok: false, price: null, n: '-1', facts: null, files },
      ]);
      const pairs = report.tables.find(({ target: name }) => !['people', 'visits', 'nothing yet'].includes(name));
      const links = await database.query(`select * from "${pairs?.target}"`);
      expect(
        links.rows
          .map((row) =>
            Object.values(row as object)
              .sort()
              .join(),
          )
          .sort(),
      ).toEqual(['1,1', '1,2', '2,2']);
      expect(report.notMoved.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
        expect.arrayContaining(['column people.F', 'column people.Links', 'file people.files']),
      );
      expect(report.tables.find(({ target: name }) => name === 'nothing yet')?.columns).toMatchObject([
        { target: 'Id' },
        { target: 'CreatedAt' },
        { target: 'UpdatedAt' },
        { target: 'later' },
      ]);
      expect(report.warnings.join('\n')).toMatch(
        /only these were read.*people\.price, people\.facts as floating point.*whole seconds/s,
      );
      expect(await verify({ source: sourceOf(place), target })).toMatchObject({ verdict: 'equal' });
      await plain.ask('PATCH', await plain.path('visits'), { Id: 2, note: 'changed' });
      expect(await verify({ source: sourceOf(place), target, only: ['visits'] })).toMatchObject({
        verdict: 'different',
        tables: [{ source: 'visits', different: 1 }],
      });
    });

    test('numbers that NocoDB rounds stop the run, are withheld under quarantine, and retried once they are mended', async () => {
      await make('sums', [column('n', 'Number')]);
      await plain.insert('sums', [{ n: 1 }, { n: '9007199254740993' }]);
      const target = targetOf(await freshDatabase());
      const source = sourceOf(place);
      const stopped = await move({ source, target });
      expect(stopped).toMatchObject({ verdict: 'stopped', exitCode: 3, badValues: [{ table: 'sums', count: 1 }] });
      const quarantineFile = join(tempFolder(), 'list.jsonl');
      const report = await move({ source, target, badValues: 'quarantine', quarantineFile });
      expect(report).toMatchObject({ verdict: 'accounted', exitCode: 4, rows: 2 });
      expect(report.warnings.join()).toContain('a number beyond 2^53 in "n"');
      await plain.ask('PATCH', await plain.path('sums'), { Id: 2, n: 5 });
      expect(await retry({ rejects: quarantineFile, target })).toMatchObject({ verdict: 'equal', rows: 1 });
      expect(await verify({ source, target })).toMatchObject({ verdict: 'equal' });
    });

    test('more records and links than a page has come whole', async () => {
      const [many, one] = [await make('many', [column('n', 'Number')]), await make('one', [column('n', 'Number')])];
      const link = await linked(one, many);
      await plain.insert('one', [{ n: 1 }]);
      const ids = await plain.insert(
        'many',
        Array.from({ length: 1_101 }, (_, n) => ({ n })),
      );
      await link(1, ids);
      const { tables } = await plan({ source: sourceOf(place) });
      expect(tables.map(({ rows }) => rows).sort()).toEqual([1, 1_101, 1_101]);
    });

    test('a table without a key comes whole, whatever its values are', async () => {
      const columns = [column('word', 'SingleLineText'), column('n', 'Number')];
      const path = `/api/v2/meta/bases/${place.base}/tables`;
      const { body } = await plain.ask('POST', path, { table_name: 'keyless', title: 'keyless', columns });
      // The real one makes the records, and says that it has not.
      const records = `/api/v2/tables/${(body as { id: string }).id}/records`;
      for (const row of [{ word: 'b', n: 1 }, { word: 'a', n: 2 }, { word: 'b', n: 1 }, {}])
        await plain.ask('POST', records, row);
      const database = await freshDatabase();
      const report = await move({ source: sourceOf(place), target: targetOf(database) });
      expect(report).toMatchObject({ verdict: 'equal', rows: 4 });
      const { rows } = await database.query('select word, n from keyless order by 1, 2');
      expect(rows).toEqual([
        { word: 'a', n: 2 },
        { word: 'b', n: 1 },
        { word: 'b', n: 1 },
        { word: null, n: null },
      ]);
      await addColumn((body as { id: string }).id, column('facts', 'JSON'));
      expect((await plan({ source: sourceOf(place) })).tables).toMatchObject([{ rows: 4 }]);
    });

    test('a table that is hidden from the user of the token is noticed by a link to it', async () => {
      const [seen, hidden] = [await make('seen', []), await make('hidden', [])];
      await linked(seen, hidden);
      const listed = await plain.ask('GET', `/api/v2/meta/bases/${place.base}/tables?includeM2M=true`);
      const list = (listed.body as { list: { id: string }[] }).list.filter((table) => table.id !== hidden);
      const proxied = await through(place, ({ path }) =>
        path.includes('/meta/bases/') ? { status: 200, isDone: false, body: JSON.stringify({ list }) } : 'forward',
      );
      await expect(plan({ source: sourceOf(proxied) })).rejects.toMatchObject({ code: 'E_SOURCE_FORBIDDEN' });
    });

    test('a base that changes between the two readings of it is refused', async () => {
      await make('rows', [column('n', 'Number')]);
      const [, Id] = await plain.insert('rows', [{ n: 1 }, { n: 2 }]);
      const changes = {
        changed: ['PATCH', { Id, n: 3 }],
        removed: ['DELETE', { Id }],
        added: ['POST', { n: 4 }],
      } as const;
      const path = await plain.path('rows');
      for (const [what, [method, body]] of Object.entries(changes)) {
        let lists = 0;
        // The second reading begins with the list of tables; it is asked for again once the change is made.
        const proxied = await through(place, ({ path: asked }) => {
          if (!asked.includes('/meta/bases/') || ++lists !== 2) return 'forward';
          void plain.ask(method, path, body);
          return { status: 503, isDone: false };
        });
        const outcome = await plan({ source: sourceOf(proxied) }).catch((error: unknown) => error);
        expect([what, lists, outcome]).toMatchObject([what, 3, { code: 'E_SOURCE_CHANGED' }]);
      }
    });

    test('whatever is wrong with the server is told by code, in one sentence each, without the token', async () => {
      await make('rows', [column('n', 'Number')]);
      await plain.insert('rows', [{ n: 1 }]);
      const always = (fate: Fate) => through(place, () => fate);
      const answers: Readonly<Record<string, readonly [code: string, at: NocodbPlace]>> = {
        'another base': ['E_SOURCE_MISSING', { ...place, base: 'pnone' }],
        'another server': ['E_SOURCE_MISSING', await always({ status: 404, isDone: false, body: 'Cannot GET' })],
        'a list that is none': ['E_SOURCE_UNREACHABLE', await always({ status: 200, isDone: false, body: '{"ok":1}' })],
        'a page': ['E_SOURCE_UNREACHABLE', await always({ status: 200, isDone: false, body: '<html>' })],
        'an answer that breaks off': ['E_SOURCE_UNREACHABLE', await always('half a reply')],
        'a failure': ['E_SOURCE_UNREACHABLE', await always({ status: 503, isDone: false })],
        'a base that is kept': ['E_SOURCE_FORBIDDEN', await always({ status: 403, isDone: false })],
        'an hour to wait': [
          'E_SOURCE_BUSY',
          await always({ status: 429, isDone: false, headers: { 'retry-after': '3600' } }),
        ],
      };
      const failureOf = (at: NocodbPlace) =>
        plan({ source: sourceOf(at) }).then(
          () => null,
          (error: CrossfadeError) => error,
        );
      for (const [what, [code, at]] of Object.entries(answers)) {
        const error = await failureOf(at);
        expect([what, error?.code]).toEqual([what, code]);
        expect(`${error?.message} ${JSON.stringify(error?.facts)}`).not.toContain(place.token);
        expect(error?.message).toMatch(/ Nothing was moved\. /);
      }
      vi.stubEnv('NOCODB_TOKEN', 'another-token');
      expect(await failureOf(place)).toMatchObject({ code: 'E_SOURCE_FORBIDDEN', facts: { status: 401 } });
      for (const none of ['', 'two words']) {
        vi.stubEnv('NOCODB_TOKEN', none);
        expect(await failureOf(place)).toMatchObject({ code: 'E_USAGE' });
      }
    });

    test('a server that asks for a pause gets it, and one that says nothing can be interrupted', async () => {
      await make('rows', [column('n', 'Number')]);
      await plain.insert('rows', [{ n: 1 }]);
      let isMet = false;
      const busy = await through(place, () => {
        if (isMet) return 'forward';
        isMet = true;
        return { status: 429, isDone: false, headers: { 'retry-after': '1' } };
      });
      expect((await plan({ source: sourceOf(busy) })).tables).toHaveLength(1);
      const stopper = new AbortController();
      const mute = await through(place, () => {
        setImmediate(() => stopper.abort());
        return 'swallow';
      });
      const stagingFolder = join(tempFolder(), 'staging');
      const target = targetOf(await freshDatabase());
      await expect(
        move({ source: sourceOf(mute), target, stagingFolder, signal: stopper.signal }),
      ).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
      expect(readdirSync(stagingFolder)).toEqual(['.gitignore']);
    });
  });
}

function through(place: NocodbPlace, fateOf: (request: Passing) => Fate): Promise<NocodbPlace> {
  return nocodbProxy(place, fateOf);
}
