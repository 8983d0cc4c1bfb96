import { describe, expect, test } from 'vitest';
import { collections, type Row } from '../../src/schema/collection.ts';
import { mapping } from '../../src/schema/mapping/declare.ts';
import type { Driver } from '../../src/store/contract.ts';
import { Drain } from '../../src/sync/drain.ts';
import type { Leg } from '../../src/sync/leg.ts';
import { sync } from '../../src/sync/sync.ts';
import { seeded } from '../fixtures/random.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { stamps } from '../support/stamps.ts';
import { memoryPair } from '../support/memory-pair.ts';
import { postgresStore } from '../support/postgres-store.ts';
import { sqliteStore, stranger } from '../support/sqlite-store.ts';

/** Lines of which each chat has several, and people with a number in one record. */
const old = collections({
  lines: { fields: { chat: { type: 'text' }, n: { type: 'integer' }, text: { type: 'text' } }, key: ['chat', 'n'] },
  people: { fields: { id: { type: 'text' }, phone: { type: 'text', nullable: true } }, key: ['id'] },
});
/** The lines of a chat as one text; a person, and the numbers by the person, by a key of their own. */
const now = collections({
  chats: { fields: { id: { type: 'text' }, text: { type: 'text' } }, key: ['id'] },
  persons: { fields: { id: { type: 'text' } }, key: ['id'] },
  phones: {
    fields: { phone: { type: 'text' }, person: { type: 'text' } },
    key: ['phone'],
    indexes: [['person']],
    references: [{ fields: ['person'], to: 'persons', onRemove: 'refuse' }],
  },
});
const mapped = mapping({
  source: old,
  target: now,
  families: [
    {
      name: 'chats',
      source: [{ collection: 'lines', by: ['chat'] }],
      target: [{ collection: 'chats', by: ['id'] }],
      forward: ({ lines }) => ({
        chats: [{ id: lines[0].chat, text: lines.map(({ n, text }) => `${String(n)}:${String(text)}`).join('|') }],
      }),
      backward: ({ chats }) => ({
        lines: chats.flatMap(({ id, text }) =>
          String(text)
            .split('|')
            .map((line) => ({ chat: id, n: Number(line.split(':')[0]), text: line.split(':')[1] })),
        ),
      }),
    },
    {
      name: 'persons',
      source: [{ collection: 'people', by: ['id'] }],
      target: [
        { collection: 'persons', by: ['id'] },
        { collection: 'phones', by: ['person'] },
      ],
      forward: ({ people }) => ({
        persons: people.map(({ id }) => ({ id })),
        phones: people.filter(({ phone }) => phone !== null).map(({ id, phone }) => ({ phone, person: id })),
      }),
      backward: ({ persons, phones = [] }) => ({
        people: persons.map(({ id }) => ({ id, phone: phones.find(({ person }) => person === id)?.phone ?? null })),
      }),
    },
  ],
});

const database = databaseOfFile();

const stamp = stamps();

async function all(driver: Driver, collection: string, key: readonly string[]): Promise<readonly Row[]> {
  return driver.scan(collection, { where: [], order: key, descending: false, after: null, limit: 1_000 });
}

async function drained(leg: Leg): Promise<void> {
  const drain = new Drain(leg, { limit: 7 });
  let last = await drain.round();
  while (last.cleared > 0) last = await drain.round();
  expect(last).toMatchObject({ refused: [], waiting: 0, unnamed: 0 });
}

/** What the target holds, by the mapping, and the other way round. */
async function expectEqual(source: Driver, target: Driver): Promise<void> {
  const [chats, persons] = mapped.families;
  const lines = await all(source, 'lines', ['chat', 'n']);
  const people = await all(source, 'people', ['id']);
  const ids = [...new Set(lines.map(({ chat }) => chat))];
  const texts = ids.flatMap((id) => chats.forward({ lines: lines.filter(({ chat }) => chat === id) }).chats);
  expect(await all(target, 'chats', ['id'])).toEqual(texts);
  const wanted = persons.forward({ people });
  const byPhone = (rows: readonly Row[]) => rows.toSorted((a, b) => (String(a.phone) < String(b.phone) ? -1 : 1));
  expect(await all(target, 'persons', ['id'])).toEqual(wanted.persons);
  expect(await all(target, 'phones', ['phone'])).toEqual(byPhone(wanted.phones));
}

test('many records become one and one becomes two, from SQLite to PostgreSQL and back again', async () => {
  const { driver: file, path } = await sqliteStore({}, old);
  const { driver: server } = await postgresStore({ target: database(), schema: 'units' }, now);
  const there: Leg = { mapping: mapped, from: 'source', leader: file, follower: server, epoch: 1n, stamp };
  await file.capture.install();
  await server.mirror.begin(1n);
  const db = stranger(path);
  const random = seeded(11);
  for (let step = 0; step < 12; step++) {
    for (let i = 0; i < 5; i++) {
      const [id, n] = [`'c${random.below(4)}'`, random.below(3)];
      db.exec(
        random.pick([
          `INSERT OR REPLACE INTO lines VALUES (${id}, ${n}, 't${random.below(9)}')`,
          `DELETE FROM lines WHERE chat = ${id} AND n = ${n}`,
          // A number passes from person to person: it is taken from the one and given to the other.
          `UPDATE people SET phone = NULL WHERE phone = 'p${n}'; INSERT OR REPLACE INTO people VALUES (${id}, 'p${n}')`,
          `DELETE FROM people WHERE id = ${id}`,
        ]),
      );
    }
    await drained(there);
    await expectEqual(file, server);
  }
  db.exec(`INSERT OR REPLACE INTO lines VALUES ('last', 1, 'a'), ('last', 2, 'b')`);
  await drained(there);
  await file.capture.remove();
  await server.capture.install();
  await file.mirror.begin(2n);
  await server.write([{ kind: 'put', collection: 'chats', key: ['last'], row: { id: 'last', text: '2:x|3:y' } }]);
  await server.write([{ kind: 'remove', collection: 'chats', key: ['c1'] }]);
  // A target's keys name its units where each part is found by its key: of a number that is removed none is known.
  const [chats] = mapped.families;
  const back = mapping({ source: { lines: old.lines }, target: { chats: now.chats }, families: [chats] });
  await drained({ mapping: back, from: 'target', leader: server, follower: file, epoch: 2n, stamp });
  expect((await all(file, 'lines', ['chat', 'n'])).filter(({ chat }) => chat === 'last' || chat === 'c1')).toEqual([
    { chat: 'last', n: 2, text: 'x' },
    { chat: 'last', n: 3, text: 'y' },
  ]);
  await expectEqual(file, server);
});

describe('a unit is written as it was read, in the order of the readings', () => {
  const unit = { family: 'persons', key: ['a'] };

  test('a reading that comes late adds nothing to what a later one has made', async () => {
    const { leg, leader, leading, following } = await memoryPair(old, mapped);
    const put = (phone: string) => leader.write([{ kind: 'put', collection: 'people', row: { id: 'a', phone } }]);
    const { promise: isRead, resolve: hasRead } = Promise.withResolvers<undefined>();
    const { promise: goesOn, resolve: goOn } = Promise.withResolvers<undefined>();
    const slow: Leg = {
      ...leg,
      leader: {
        ...leading,
        read: async (collection, key) => {
          const row = await leading.read(collection, key);
          hasRead(undefined);
          await goesOn;
          return row;
        },
      },
    };
    await put('first');
    const late = sync(slow, [unit], { removalsMax: 1 });
    await isRead;
    await put('second');
    expect(await sync(leg, [unit], { removalsMax: 1 })).toMatchObject({ written: 1, refused: [] });
    goOn(undefined);
    expect(await late).toMatchObject({ written: 0, refused: [] });
    expect(following.snapshot('phones')).toEqual([{ phone: 'second', person: 'a' }]);
  });

  test('a record that passes to another unit takes the unit along that it leaves', async () => {
    const { leg, leader, following } = await memoryPair(old, mapped);
    const put = (id: string, phone: string | null) =>
      leader.write([{ kind: 'put', collection: 'people', row: { id, phone } }]);
    await put('a', 'p');
    await sync(leg, [unit], { removalsMax: 1 });
    await put('a', null);
    await put('b', 'p');
    expect(await sync(leg, [{ family: 'persons', key: ['b'] }], { removalsMax: 1 })).toMatchObject({ written: 2 });
    expect(following.snapshot('phones')).toEqual([{ phone: 'p', person: 'b' }]);
    expect(following.snapshot('persons')).toEqual([{ id: 'a' }, { id: 'b' }]);
  });

  test('two records of one key are refused, and a unit that is gone counts as one', async () => {
    const [chats, persons] = mapped.families;
    const twice = { ...persons, forward: () => ({ phones: [1, 2].map(() => ({ phone: 'p', person: 'a' })) }) };
    const { leg, leader } = await memoryPair(old, mapping({ ...mapped, families: [chats, twice] }));
    await expect(sync(leg, [unit], { removalsMax: 0 })).rejects.toMatchObject({ code: 'E_MASS_REMOVAL' });
    await leader.write([{ kind: 'put', collection: 'people', row: { id: 'a', phone: null } }]);
    expect((await sync(leg, [unit], { removalsMax: 0 })).refused).toMatchObject([{ code: 'E_UNIT_UNMAPPED' }]);
  });
});
