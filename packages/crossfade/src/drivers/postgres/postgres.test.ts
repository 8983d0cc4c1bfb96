import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal, until, waitingForLock } from '../../../test/harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { plainClient } from '../../../test/support/plain-client.ts';
import { emptied } from '../../../test/support/store-places.ts';
import { collections } from '../../schema/collection.ts';
import { openStore } from '../../store/store.ts';
import { storeSuite } from '../../store/suite/suite.ts';
import { postgresDriver } from './postgres.ts';

let database: TestDatabase;
let plain: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  plain = await plainClient(database);
});
afterAll(async () => {
  await plain.end();
  await database.drop();
});

describe('a PostgreSQL store is a store', () => {
  storeSuite(test, async () => {
    const schema = await emptied(plain);
    return { driver: () => postgresDriver({ target: database, schema, tables: 'create' }) };
  });
});

const schema = collections({
  people: {
    fields: { id: { type: 'text' }, email: { type: 'text' }, at: { type: 'timestamptz', nullable: true } },
    key: ['id'],
    unique: [['email']],
    indexes: [['at']],
  },
  visits: {
    fields: { id: { type: 'integer' }, person: { type: 'text' } },
    key: ['id'],
    references: [{ fields: ['person'], to: 'people', onRemove: 'remove' }],
  },
});

const person = (id: string, email: string) => ({ id, email, at: null });
const patches = ['a', 'b'].map(
  (id) => ({ kind: 'patch', collection: 'people', key: [id], set: { at: null } }) as const,
);

describe('a PostgreSQL store', () => {
  const place = (name: string) =>
    openStore(schema, postgresDriver({ target: database, schema: name, tables: 'create' }));

  test('two records may exchange the values of a unique set in one write', async () => {
    const store = place('exchange');
    for (const id of ['a', 'b']) await store.write([{ kind: 'insert', collection: 'people', row: person(id, id) }]);
    await store.write([
      { kind: 'patch', collection: 'people', key: ['a'], set: { email: 'b' } },
      { kind: 'patch', collection: 'people', key: ['b'], set: { email: 'a' } },
    ]);
    expect((await store.read('people', ['a']))?.email).toBe('b');
    await store.close();
  });

  test('what refers to a record that is removed and made anew in one write stays', async () => {
    const store = place('anew');
    await store.write([{ kind: 'insert', collection: 'people', row: person('a', 'x') }]);
    await store.write([{ kind: 'insert', collection: 'visits', row: { id: 1, person: 'a' } }]);
    await store.write([
      { kind: 'remove', collection: 'people', key: ['a'] },
      { kind: 'insert', collection: 'people', row: person('a', 'y') },
    ]);
    expect((await store.read('people', ['a']))?.email).toBe('y');
    expect((await store.read('visits', [1]))?.person).toBe('a');
    await store.close();
  });

  test('writes of the same records in opposite orders do not wait in a circle', async () => {
    const store = place('circle');
    for (const id of ['a', 'b']) await store.write([{ kind: 'insert', collection: 'people', row: person(id, id) }]);
    await Promise.all(Array.from({ length: 40 }, (_, i) => store.write(i % 2 === 0 ? patches : patches.toReversed())));
    await store.close();
    const { rows } = await plain.query(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(rows).toEqual([{ deadlocks: 0 }]);
  });

  test('a write that meets a deadlock all the same is tried again', async () => {
    const store = place('deadlock');
    for (const id of ['a', 'b']) await store.write([{ kind: 'insert', collection: 'people', row: person(id, id) }]);
    await plain.query("BEGIN; UPDATE deadlock.people SET at = '2026-01-01Z' WHERE id = 'b'");
    const writing = store.write(patches);
    await until(async () => (await waitingForLock(plain)) === 1);
    await plain.query("UPDATE deadlock.people SET at = '2026-01-01Z' WHERE id = 'a'");
    await plain.query('COMMIT');
    await writing;
    expect((await store.scan('people')).rows.map(({ at }) => at)).toEqual([null, null]);
    await store.close();
  });

  test('a column whose values the schema does not know is damage, told without the value', async () => {
    const store = place('damage');
    await store.open();
    await plain.query("INSERT INTO damage.people VALUES ('a', 'secret', 'infinity')");
    const error = await refusal(store.read('people', ['a']));
    const key = [expect.stringMatching(/^#[0-9a-f]{12} \(1 bytes\)$/)];
    expect([error.code, error.facts]).toEqual(['E_RECORD_DAMAGED', { collection: 'people', field: 'at', key }]);
    await store.close();
  });

  test('what the table demands beyond the schema refuses the record, by name and without the value', async () => {
    const store = place('demands');
    await store.open();
    await plain.query(`ALTER TABLE demands.people ADD CONSTRAINT known CHECK (email <> 'secret1'),
      ADD CONSTRAINT apart EXCLUDE (at WITH =)`);
    await plain.query("INSERT INTO demands.people VALUES ('there', 'x', '2026-01-01Z')");
    const writes = [
      ['23514', 'known', person('a', 'secret1')],
      ['23P01', 'apart', { ...person('a', 'secret2'), at: '2026-01-01T00:00:00.000000Z' }],
      ['54000', undefined, person(`secret${randomBytes(8_000).toString('hex')}`, 'y')],
    ] as const;
    for (const [sqlstate, constraint, row] of writes) {
      const error = await refusal(store.write([{ kind: 'insert', collection: 'people', row }]));
      expect(error.code).toBe('E_RECORD_REFUSED');
      expect(error.facts).toMatchObject({ collection: 'people', sqlstate, ...(constraint && { constraint }) });
      expect(error.message + JSON.stringify(error.facts)).not.toContain('secret');
      if (constraint !== undefined) expect(error.message).toContain(`"${constraint}"`);
    }
    expect((await store.scan('people')).rows.map(({ id }) => id)).toEqual(['there']);
    await store.close();
  });

  test('a table that is altered while the store is open is read on', async () => {
    const store = place('altered');
    await store.write([{ kind: 'insert', collection: 'visits', row: { id: 1, person: 'a' } }]).catch(() => undefined);
    await store.write([{ kind: 'insert', collection: 'people', row: person('a', 'x') }]);
    expect(await store.read('people', ['a'])).toEqual(expect.objectContaining(person('a', 'x')));
    await plain.query('ALTER TABLE altered.people ALTER at TYPE text');
    await plain.query('ALTER TABLE altered.people ALTER at TYPE timestamptz USING at::timestamptz');
    await plain.query('ALTER TABLE altered.people ADD more int');
    expect((await store.read('people', ['a']))?.email).toBe('x');
    await store.close();
  });

  test('pages by a key of text and by an index with nulls read their index from where they begin', async () => {
    const store = place('pages');
    await store.open();
    await plain.query(`INSERT INTO pages.people SELECT n::text, n::text,
      CASE WHEN n % 3 > 0 THEN timestamptz '2026-01-01Z' + make_interval(secs => n / 7) END FROM generate_series(1, 20000) n`);
    await plain.query('ANALYZE pages.people');
    // The making of the indexes has read the table; a session's own counts arrive when it ends.
    await store.close();
    await store.open();
    for (const by of [['id'], ['at']])
      for (const descending of [false, true]) {
        const seen = new Set<string>();
        let after: readonly (string | null)[] | null = null;
        await plain.query('SELECT pg_stat_reset()');
        do {
          const page = await store.scan('people', {
            by,
            descending,
            limit: 1_000,
            ...(after === null ? {} : { after }),
          });
          for (const { id } of page.rows) seen.add(id);
          after = page.next as typeof after;
        } while (after !== null);
        expect([by, descending, seen.size]).toEqual([by, descending, 20_000]);
        await store.close();
        const { rows } = await plain.query<{ seq: number; read: number }>(
          `SELECT seq_scan::int AS seq, (SELECT sum(idx_tup_read)::int FROM pg_stat_user_indexes WHERE schemaname = 'pages') AS read
            FROM pg_stat_user_tables WHERE schemaname = 'pages' AND relname = 'people'`,
        );
        expect(rows[0].seq).toBe(0);
        expect(rows[0].read).toBeLessThan(25_000);
        await store.open();
      }
    await store.close();
  });
});
