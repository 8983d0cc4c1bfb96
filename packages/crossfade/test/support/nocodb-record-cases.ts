import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { nocodbDriver } from '../../src/drivers/nocodb/nocodb.ts';
import { collections } from '../../src/schema/collection.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';

const schema = collections({
  rows: {
    fields: { word: { type: 'text' }, n: { type: 'integer', nullable: true } },
    key: ['word'],
    indexes: [['n']],
  },
});
type Rows = Store<typeof schema>;

const insert = (word: string, n = 1) => ({ kind: 'insert', collection: 'rows', row: { word, n } }) as const;
const put = (word: string, n: number) => ({ kind: 'put', collection: 'rows', row: { word, n } }) as const;

/** Records that others write too: NocoDB keeps no key unique, and people change what they like. */
export function nocodbRecordCases(server: () => NocodbPlace): void {
  describe('records that others write too', () => {
    let plain: PlainNocodb;
    let store: Rows;
    const another = (): Rows => openStore(schema, nocodbDriver({ ...server(), tables: 'create' }));
    beforeAll(() => {
      plain = new PlainNocodb(server());
    });
    beforeEach(async () => {
      store = another();
      await store.open();
      await plain.empty(['rows']);
    });

    test('two records of one key are damage: none of them is picked, changed or removed', async () => {
      const ids = await plain.insert(
        'rows',
        ['secret-value', 'secret-value', 'other'].map((word, n) => ({ word, n })),
      );
      const before = await plain.rows('rows');
      const key = ['secret-value'];
      for (const call of [
        () => store.read('rows', key),
        () => store.write([insert('secret-value')]),
        () => store.write([put('secret-value', 9)]),
        () => store.write([{ kind: 'patch', collection: 'rows', key, set: { n: 9 } }]),
        () => store.write([{ kind: 'remove', collection: 'rows', key }]),
        () => store.scan('rows'),
      ]) {
        const error = (await call().catch((thrown: unknown) => thrown)) as CrossfadeError;
        expect(error).toMatchObject({ code: 'E_RECORD_DAMAGED', facts: { collection: 'rows' } });
        expect(error.facts.ids).toContain(String(ids[1]));
        expect(error.message).not.toContain('secret-value');
      }
      expect(await plain.rows('rows')).toEqual(before);
      expect(await store.read('rows', ['other'])).toEqual({ word: 'other', n: 2 });
    });

    test('a record that does not fit is damage for a scan, and for whoever asks for it', async () => {
      const [blank, odd] = await plain.insert('rows', [{ n: 1 }, { word: 'odd', n: 1.5 }, { word: 'fine', n: 1 }]);
      await expect(store.scan('rows')).rejects.toMatchObject({ facts: { ids: [String(blank), String(odd)] } });
      await expect(store.read('rows', ['odd'])).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
      expect(await store.read('rows', ['fine'])).toEqual({ word: 'fine', n: 1 });
    });

    test('of stores that make the same keys at once, one a key is told that its record is there', async () => {
      const stores = [store, another(), another()];
      for (const each of stores) await each.open();
      const words = ['one', 'two', 'three', 'four'];
      const outcomes = await Promise.all(
        words.flatMap((word) =>
          stores.map((each, i) =>
            each.write([insert(word, i)]).then(
              () => ({ word, n: i, told: 'ok' }),
              (error: CrossfadeError) => ({ word, n: i, told: error.code as string }),
            ),
          ),
        ),
      );
      const made = outcomes.filter(({ told }) => told === 'ok');
      const codes = ['ok', 'E_KEY_EXISTS', 'E_STORE_BUSY'];
      expect(outcomes.filter(({ told }) => !codes.includes(told))).toEqual([]);
      expect(new Set(made.map(({ word }) => word)).size).toBe(made.length);
      const there = (await plain.rows('rows')).map(({ word, n }) => ({ word, n }));
      expect(there.sort(byWord)).toEqual(made.map(({ word, n }) => ({ word, n })).sort(byWord));
    });

    test('an Id that is known is believed only while its record has the key', async () => {
      await store.write([insert('mine', 1)]);
      const [{ Id }] = await plain.rows('rows');
      await plain.ask('PATCH', await plain.path('rows'), { Id, word: 'theirs' });
      expect(await store.read('rows', ['mine'])).toBeNull();
      await store.write([put('mine', 2)]);
      expect((await plain.rows('rows')).map(({ word, n }) => [word, n])).toEqual([
        ['theirs', 1],
        ['mine', 2],
      ]);
      await plain.remove('rows', [Id]);
      expect(await store.read('rows', ['theirs'])).toBeNull();
    });

    test('a record of the same key that others make is noticed, also where this store knows its own', async () => {
      await store.write([insert('mine', 1)]);
      await plain.insert('rows', [{ word: 'mine', n: 2 }]);
      for (const call of [
        () => store.read('rows', ['mine']),
        () => store.write([put('mine', 3)]),
        () => store.write([{ kind: 'remove', collection: 'rows', key: ['mine'] }]),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'E_RECORD_DAMAGED' });
      expect((await plain.rows('rows')).map(({ n }) => n)).toEqual([1, 2]);
    });

    test('a table of several pages is walked whole, while others remove what was passed already', async () => {
      const words = Array.from({ length: 2_300 }, (_, n) => `w${String(n).padStart(4, '0')}`);
      const ids: number[] = [];
      for (let at = 0; at < words.length; at += 100)
        ids.push(
          ...(await plain.insert(
            'rows',
            words.slice(at, at + 100).map((word, n) => ({ word, n })),
          )),
        );
      const seen: string[] = [];
      let after: readonly never[] | null = null;
      do {
        const page: Awaited<ReturnType<Rows['scan']>> = await store.scan('rows', {
          limit: 600,
          ...(after && { after }),
        });
        seen.push(...page.rows.map(({ word }) => word));
        await plain.remove('rows', ids.splice(0, 90));
        after = page.next as readonly never[] | null;
      } while (after !== null);
      expect(seen).toEqual(words);
    });

    test('a scan that goes on sees what this store has written, and what others have changed', async () => {
      await plain.insert(
        'rows',
        ['a', 'b', 'c', 'd', 'e'].map((word, n) => ({ word, n: n * 10 })),
      );
      const first = await store.scan('rows', { by: ['n'], limit: 2 });
      await store.write([insert('f', 25)]);
      await store.write([{ kind: 'remove', collection: 'rows', key: ['d'] }]);
      const rows = await plain.rows('rows');
      const idOf = (word: string) => rows.find((row) => row.word === word)?.Id;
      await plain.ask('PATCH', await plain.path('rows'), { Id: idOf('c'), n: 45 });
      const rest = await store.scan('rows', { by: ['n'], limit: 9, after: first.next ?? [] });
      expect(rest.rows.map(({ word, n }) => [word, n])).toEqual([
        ['f', 25],
        ['e', 40],
        ['c', 45],
      ]);
    });

    test('a column that somebody removes loses no value in silence', async () => {
      const title = 'loses a column';
      const own = collections({ [title]: schema.rows });
      const there = openStore(own, nocodbDriver({ ...server(), tables: 'create' }));
      await there.write([{ kind: 'insert', collection: title, row: { word: 'a', n: 1 } }]);
      const table = (await plain.path(title)).split('/')[4];
      const { body } = await plain.ask('GET', `/api/v2/meta/tables/${table}`);
      const column = (body as { columns: { id: string; title: string }[] }).columns.find((each) => each.title === 'n');
      await plain.ask('DELETE', `/api/v2/meta/columns/${column?.id}`);
      for (const [call, code] of [
        [() => there.write([{ kind: 'insert', collection: title, row: { word: 'b', n: 2 } }]), 'E_OUTCOME_UNKNOWN'],
        [() => there.write([{ kind: 'put', collection: title, row: { word: 'a', n: 2 } }]), 'E_RECORD_DAMAGED'],
        [() => there.read(title, ['a']), 'E_RECORD_DAMAGED'],
      ] as const)
        await expect(call()).rejects.toMatchObject({ code });
    });
  });
}

function byWord(a: { readonly word: string }, b: { readonly word: string }): number {
  return a.word < b.word ? -1 : 1;
}
