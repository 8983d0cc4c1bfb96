import { beforeAll, describe, expect, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { nocodbDriver } from '../../src/drivers/nocodb/nocodb.ts';
import { type Collections, collections } from '../../src/schema/collection.ts';
import { openStore } from '../../src/store/store.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';

const fields = {
  id: { type: 'text' },
  note: { type: 'text', nullable: true },
  sum: { type: 'numeric', nullable: true },
} as const;

const idColumn = { title: 'Id', column_name: 'nc_id', uidt: 'ID', pk: true, ai: true, rqd: true };
const column = (title: string, uidt: string) => ({ title, column_name: `${title}_`, uidt });

/** Tables that people have made, and what is said of them when a collection of these fields is opened. */
const unfit: Readonly<Record<string, readonly [columns: readonly object[], what: string]>> = {
  'without a key': [
    [column('id', 'LongText'), column('note', 'LongText'), column('sum', 'LongText')],
    'no single number as its primary key',
  ],
  'without a column': [[idColumn, column('id', 'LongText'), column('sum', 'LongText')], 'has no column "note"'],
  'with a column that rounds': [
    [idColumn, column('id', 'LongText'), column('note', 'LongText'), column('sum', 'Decimal')],
    'has a column "sum" of type Decimal',
  ],
};

/** Opening: tables that are there, missing, or made otherwise. */
export function nocodbTableCases(server: () => NocodbPlace): void {
  describe('opening', () => {
    let plain: PlainNocodb;
    beforeAll(() => {
      plain = new PlainNocodb(server());
    });

    const make = (title: string, columns: readonly object[]) =>
      plain.ask('POST', `/api/v2/meta/bases/${server().base}/tables`, {
        table_name: title.replaceAll(' ', '_'),
        title,
        columns,
      });
    const open = (schema: Collections, more: object = {}) =>
      openStore(schema, nocodbDriver({ ...server(), ...more })).open();
    const schemaOf = (name: string) => collections({ [name]: { fields, key: ['id'] } });

    for (const [title, [columns, what]] of Object.entries(unfit))
      test(`a table ${title} is refused, by name`, async () => {
        const made = await make(title, columns);
        const opening = open(schemaOf(title));
        // A version that gives every table a key has none without, and this one fits.
        const { columns: there } = made.body as { columns: { pk: unknown }[] };
        if (title === 'without a key' && there.some(({ pk }) => pk === 1 || pk === true)) return opening;
        await expect(opening).rejects.toMatchObject({
          code: 'E_TARGET_MISMATCH',
          facts: { table: title },
          message: expect.stringContaining(what),
        });
      });

    test('a table that is missing refuses the opening, unless it is to be made', async () => {
      const schema = schemaOf('to be made');
      await expect(open(schema)).rejects.toMatchObject({ code: 'E_TARGET_MISMATCH' });
      await Promise.all([open(schema, { tables: 'create' }), open(schema, { tables: 'create' })]);
      await open(schema);
    });

    test('a missing column of a field that may be null is made; what is there stays as it is', async () => {
      await make('grows', [idColumn, column('id', 'SingleLineText'), column('more', 'Number')]);
      const [Id] = await plain.insert('grows', [{ id: 'a', more: 5 }]);
      const store = openStore(schemaOf('grows'), nocodbDriver({ ...server(), tables: 'create' }));
      expect(await store.read('grows', ['a'])).toEqual({ id: 'a', note: null, sum: null });
      await store.write([{ kind: 'put', collection: 'grows', row: { id: 'a', note: 'n', sum: '0.10' } }]);
      expect(await plain.rows('grows')).toMatchObject([{ Id, id: 'a', note: 'n', sum: '0.10', more: 5 }]);
    });

    test('a wrong token and a base that is not there are told, without the token', async () => {
      const token = 'secret-token-of-40-characters-0000000000';
      for (const [more, status] of [
        [{ token }, 401],
        [{ base: 'pnone' }, 404],
      ] as const) {
        const error = (await open(schemaOf('any'), more).catch((thrown: unknown) => thrown)) as CrossfadeError;
        expect(error).toMatchObject({ code: 'E_STORE_FAILED', facts: { status } });
        expect(`${error.message} ${JSON.stringify(error.facts)} ${String(error.stack)}`).not.toContain(token);
      }
    });

    test('text beyond what a column of NocoDB holds is refused, and what it holds comes back', async () => {
      await make('narrow', [
        idColumn,
        column('id', 'SingleLineText'),
        column('note', 'LongText'),
        column('sum', 'SingleLineText'),
      ]);
      const store = openStore(schemaOf('narrow'), nocodbDriver(server()));
      const put = (note: string) =>
        store.write([{ kind: 'put', collection: 'narrow', row: { id: 'a', note, sum: null } }]);
      await put('x'.repeat(100_000));
      await expect(put('x'.repeat(100_001))).rejects.toMatchObject({
        code: 'E_RECORD_REFUSED',
        facts: { status: 422 },
      });
      expect((await store.read('narrow', ['a']))?.note).toHaveLength(100_000);
    });
  });
}
