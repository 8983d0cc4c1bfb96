import { beforeAll, describe, expect, test } from 'vitest';
import { tableToMake } from '../../src/drivers/nocodb/columns.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';

const title = 'API';
const shape = { fields: { id: { type: 'text' }, n: { type: 'integer' } }, key: ['id'] } as const;

/** What the driver counts on, asked of the server itself: the stand-in and the real one answer alike. */
export function nocodbApiCases(server: () => NocodbPlace): void {
  describe('the API', () => {
    let plain: PlainNocodb;
    let columns: { id: string; title: string; column_name: string; uidt: string; pk: unknown }[];
    beforeAll(async () => {
      plain = new PlainNocodb(server());
      const { base } = server();
      const made = await plain.ask('POST', `/api/v2/meta/bases/${base}/tables`, tableToMake(title, shape));
      const line = { title: 'line', column_name: 'line', uidt: 'SingleLineText' };
      const { id } = made.body as { id: string };
      for (const column of [line, { title: 'odd', column_name: 'f0_id', uidt: 'SingleLineText' }])
        await plain.ask('POST', `/api/v2/meta/tables/${id}/columns`, column);
      columns = ((await plain.ask('GET', `/api/v2/meta/tables/${id}`)).body as { columns: typeof columns }).columns;
    });

    const list = async (query: string) => {
      const { status, body } = await plain.ask('GET', `${await plain.path(title)}?${query}`);
      return {
        status,
        ...(body as {
          list: Record<string, unknown>[];
          pageInfo: Record<string, unknown>;
          error?: string;
          msg?: string;
        }),
      };
    };
    const where = async (text: string) =>
      (await list(`where=${encodeURIComponent(text)}&sort=Id`)).list?.map(({ n }) => n);
    const write = async (method: string, body: unknown) => plain.ask(method, await plain.path(title), body);

    test('describes a table by titles, names in the database, types and its key', () => {
      const found = columns.map(({ title: name, column_name, uidt, pk }) => [
        name,
        column_name,
        uidt,
        pk === 1 || pk === true,
      ]);
      expect(found).toContainEqual(['Id', 'id', 'ID', true]);
      expect(found).toContainEqual(['id', 'f0_id', 'SpecificDBType', false]);
      expect(found).toContainEqual(['CreatedAt', 'created_at', 'CreatedTime', false]);
    });

    test('refuses a token that is none, a base, a table and a title that is taken', async () => {
      const other = new PlainNocodb({ ...server(), token: 'x'.repeat(40) });
      const { base } = server();
      expect((await other.ask('GET', `/api/v2/meta/bases/${base}/tables`)).status).toBe(401);
      expect((await plain.ask('GET', '/api/v2/meta/bases/pnone/tables')).status).toBe(404);
      expect((await plain.ask('GET', '/api/v2/tables/mnone/records')).body).toMatchObject({ error: 'TABLE_NOT_FOUND' });
      const again = await plain.ask('POST', `/api/v2/meta/bases/${base}/tables`, tableToMake(title, shape));
      expect([again.status, again.body]).toMatchObject([422, { error: 'DUPLICATE_ALIAS' }]);
    });

    test('pages: 1,000 at the most, and an offset beyond the end is an error', async () => {
      await plain.empty([title]);
      await plain.insert(
        title,
        Array.from({ length: 1_001 }, (_, n) => ({ n })),
      );
      const { list: page, pageInfo } = await list('limit=5000&sort=Id');
      expect([page.length, pageInfo.pageSize, pageInfo.isLastPage]).toEqual([1_000, 1_000, false]);
      expect((await list('sort=Id')).list.length).toBe(25);
      expect((await list(`where=(Id,gt,${page[999].Id})&sort=Id`)).list.map(({ n }) => n)).toEqual([1_000]);
      expect(await list('offset=5000')).toMatchObject({ status: 422, error: 'INVALID_OFFSET_VALUE' });
    });

    test('filters compare plain values, and know no quotes', async () => {
      await plain.empty([title]);
      const lines = ['a,b)("x', 'a.b-c:1', 'A.B-C:1', '', ' ', 'x~and(n,eq,1)', 'a\nb'];
      await plain.insert(
        title,
        lines.map((line, n) => ({ n, line })),
      );
      expect(await where('(line,eq,a.b-c:1)')).toEqual([1]);
      expect(await where('(line,like,%a%b%x%)')).toEqual([0]);
      expect(await where('(line,like,%a%b%c%1%)')).toEqual([1, 2]);
      expect(await where('(n,eq,5)~and(Id,gt,0)')).toEqual([5]);
      expect(await where('(line,eq,"a,b)(\\"x")')).toEqual([]);
      expect(await list(`where=${encodeURIComponent('(line,eq,a\nb)')}`)).toMatchObject({
        status: 422,
        msg: 'Invalid filter format.',
      });
      expect(await list('where=(none,eq,1)')).toMatchObject({ status: 422 });
    });

    test('writes: missing, twice, unknown and given by the server', async () => {
      await plain.empty([title]);
      const [Id] = await plain.insert(title, [{ n: 1, nobody: 'is dropped' }]);
      expect(await write('PATCH', { Id: Id + 1_000, n: 2 })).toMatchObject({
        status: 404,
        body: { error: 'RECORD_NOT_FOUND' },
      });
      expect(await write('DELETE', { Id: Id + 1_000 })).toMatchObject({
        status: 404,
        body: { error: 'RECORD_NOT_FOUND' },
      });
      expect(
        await write('PATCH', [
          { Id, n: 2 },
          { Id, n: 3 },
        ]),
      ).toMatchObject({ status: 422 });
      expect(
        await write('PATCH', [
          { Id, n: 2 },
          { Id: Id + 1_000, n: 3 },
        ]),
      ).toMatchObject({ status: 404 });
      expect(await write('POST', { CreatedAt: '2026-01-01' })).toMatchObject({ status: 400 });
      const [row] = await plain.rows(title);
      expect(row).toMatchObject({ Id, n: 1, UpdatedAt: null });
      expect(await write('PATCH', { Id, n: 2 })).toMatchObject({ status: 200, body: { Id } });
      expect((await plain.rows(title))[0].UpdatedAt).not.toBeNull();
    });

    test('takes the Id that a record is given, and counts on from the largest that is there: it raises no counter', async () => {
      await plain.empty([title]);
      const [first, given, after] = [
        ...(await plain.insert(title, [{ n: 1 }])),
        ...(await plain.insert(title, [{ Id: 1_000_000, n: 2 }])),
        ...(await plain.insert(title, [{ n: 3 }])),
      ];
      expect([given, after]).toEqual([1_000_000, 1_000_001]);
      await plain.remove(title, [given, after]);
      expect(await plain.insert(title, [{ n: 4 }])).toEqual([first + 1]);
    });

    test('signing out ends every session of an account, and no token', async () => {
      const { account } = server();
      const session = async (): Promise<string> =>
        ((await plain.ask('POST', '/api/v1/auth/user/signin', account)).body as { token: string }).token;
      const insert = async (token: string) =>
        (await plain.ask('POST', await plain.path(title), { n: 9 }, { 'xc-auth': token })).status;
      const [one, other] = [await session(), await session()];
      expect([await insert(one), await insert(other)]).toEqual([200, 200]);
      await plain.ask('POST', '/api/v1/auth/user/signout', {}, { 'xc-auth': one });
      expect([await insert(one), await insert(other), await insert(await session())]).toEqual([401, 401, 200]);
      expect((await write('POST', { n: 9 })).status).toBe(200);
      const wrong = await plain.ask('POST', '/api/v1/auth/user/signin', { ...account, password: 'none' });
      expect(wrong.status).toBe(400);
    });

    test('a column is named by its name in the database, its title or its id, the name first', async () => {
      await plain.empty([title]);
      const { id } = columns.find((column) => column.title === 'id') as (typeof columns)[number];
      await plain.insert(title, [{ [id]: 'by id' }, { f0_id: 'by name' }, { n: 1 }]);
      expect((await plain.rows(title)).map((row) => row.id)).toEqual(['by id', 'by name', null]);
    });

    test('a write that is answered by an error may have been made', async () => {
      const { base } = server();
      const made = await plain.ask('POST', `/api/v2/meta/bases/${base}/tables`, {
        table_name: 'broken',
        title: 'broken',
        columns: [
          { title: 'Id', column_name: 'id', uidt: 'ID', pk: true, ai: true, rqd: true },
          { title: 'constructor', column_name: 'c', uidt: 'SingleLineText' },
        ],
      });
      const { id, columns: there } = made.body as { id: string; columns: { id: string; title: string }[] };
      const path = `/api/v2/tables/${id}/records`;
      expect((await plain.ask('POST', path, { constructor: 'x' })).status).toBe(400);
      expect((await plain.ask('GET', path)).status).toBe(500);
      const column = there.find(({ title: each }) => each === 'constructor');
      await plain.ask('DELETE', `/api/v2/meta/columns/${column?.id}`);
      expect((await plain.ask('GET', path)).body).toMatchObject({ list: [{ Id: 1 }] });
    });

    test('values: what is rounded, cut and kept', async () => {
      await plain.empty([title]);
      const { id } = columns.find((column) => column.title === 'id') as (typeof columns)[number];
      await plain.insert(title, [
        { n: '9007199254740993', line: 'a\ud800' },
        { line: 'x'.repeat(100_000), [id]: 'x'.repeat(100_001) },
      ]);
      const [first, second] = await plain.rows(title);
      expect([first.n, first.line, first.id]).toEqual([9_007_199_254_740_992, 'a\ufffd', null]);
      expect([String(second.line).length, String(second.id).length]).toEqual([100_000, 100_001]);
      expect(await write('POST', { line: 'x'.repeat(100_001) })).toMatchObject({
        status: 422,
        body: { error: 'INVALID_VALUE_FOR_FIELD' },
      });
    });
  });
}
