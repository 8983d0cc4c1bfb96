import { expect, test } from 'vitest';
import { collections, type Key, type Row } from '../../src/schema/collection.ts';
import { mapping, oneToOne } from '../../src/schema/mapping/declare.ts';
import type { Driver } from '../../src/store/contract.ts';
import { Drain } from '../../src/sync/drain.ts';
import type { Leg } from '../../src/sync/leg.ts';
import { seeded } from '../fixtures/random.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { stamps } from '../support/stamps.ts';
import { postgresStore, stranger as postgresStranger } from '../support/postgres-store.ts';
import { sqliteStore, stranger } from '../support/sqlite-store.ts';

/** Chats with an integer for a truth, and their notes; and the same under the names and types of a new release. */
const old = collections({
  chats: {
    fields: { id: { type: 'text' }, open: { type: 'integer' }, handle: { type: 'text', nullable: true } },
    key: ['id'],
    unique: [['handle']],
  },
  notes: {
    fields: { n: { type: 'bigint' }, chat: { type: 'text' }, at: { type: 'timestamptz' } },
    key: ['n'],
    references: [{ fields: ['chat'], to: 'chats', onRemove: 'remove' }],
  },
});
const now = collections({
  sessions: {
    fields: { session_id: { type: 'text' }, is_open: { type: 'boolean' }, handle: { type: 'text', nullable: true } },
    key: ['session_id'],
    unique: [['handle']],
  },
  remarks: {
    fields: { id: { type: 'bigint' }, session_id: { type: 'text' }, created_at: { type: 'timestamptz' } },
    key: ['id'],
    references: [{ fields: ['session_id'], to: 'sessions', onRemove: 'remove' }],
  },
});
const mapped = mapping({
  source: old,
  target: now,
  families: [
    oneToOne({
      source: 'chats',
      target: 'sessions',
      key: { source: ['id'], target: ['session_id'] },
      forward: ({ id, open, handle }) => ({ session_id: id, is_open: open === 1, handle }),
      backward: ({ session_id, is_open, handle }) => ({ id: session_id, open: is_open === true ? 1 : 0, handle }),
    }),
    oneToOne({
      source: 'notes',
      target: 'remarks',
      key: { source: ['n'], target: ['id'] },
      forward: ({ n, chat, at }) => ({ id: n, session_id: chat, created_at: at }),
      backward: ({ id, session_id, created_at }) => ({ n: id, chat: session_id, at: created_at }),
    }),
  ],
});

const database = databaseOfFile();

const stamp = stamps();

async function all(driver: Driver, collection: string, key: Key): Promise<readonly Row[]> {
  return driver.scan(collection, { where: [], order: key as string[], descending: false, after: null, limit: 1_000 });
}

/** SQL that either side takes, by somebody who knows nothing of Crossfade; what a constraint refuses is refused. */
function writeOf(random: ReturnType<typeof seeded>, chats: string, notes: string): string {
  const id = `'c${random.below(6)}'`;
  const open = chats === 'chats' ? String(random.below(2)) : String(random.below(2) === 1);
  const [chatId, noteId] = chats === 'chats' ? ['id', 'n'] : ['session_id', 'id'];
  const handle = random.pick(['NULL', `'x'`, `'y'`, `'z'`]);
  return random.pick([
    () => `INSERT INTO ${chats} VALUES (${id}, ${open}, ${handle}) ON CONFLICT (${chatId}) DO NOTHING`,
    () => `UPDATE ${chats} SET handle = ${handle} WHERE ${chatId} = ${id}`,
    () => `DELETE FROM ${chats} WHERE ${chatId} = ${id}`,
    () =>
      `INSERT INTO ${notes} VALUES (${9007199254740993n + BigInt(random.below(8))}, ${id}, '2026-03-01T09:30:00.12345${random.below(10)}Z') ON CONFLICT (${noteId}) DO NOTHING`,
    () => `DELETE FROM ${notes} WHERE ${noteId} % 3 = ${random.below(3)}`,
    () => `UPDATE ${chats} SET ${chatId} = ${id} WHERE ${chatId} = 'c${random.below(6)}'`,
  ])();
}

test('a file of SQLite that strangers write is followed by PostgreSQL, and then follows it', async () => {
  const { driver: file, path } = await sqliteStore({}, old);
  const { driver: server } = await postgresStore({ target: database(), schema: 'followed' }, now);
  const expectEqual = async (): Promise<void> => {
    const [chats, notes] = [await all(file, 'chats', ['id']), await all(file, 'notes', ['n'])];
    const forward = (name: string, rows: readonly Row[], collection: string) =>
      mapped.families.find((family) => family.name === name)?.forward({ [collection]: rows })[name];
    expect(await all(server, 'sessions', ['session_id'])).toEqual(forward('sessions', chats, 'chats'));
    expect(await all(server, 'remarks', ['id'])).toEqual(forward('remarks', notes, 'notes'));
    expect(chats.length + notes.length).toBeGreaterThan(0);
  };
  const follow = async (leg: Leg, write: (sql: string) => unknown, chats: string, notes: string): Promise<void> => {
    const random = seeded(Number(leg.epoch));
    await leg.leader.capture.install();
    await leg.follower.mirror.begin(leg.epoch);
    const drain = new Drain(leg, { limit: 7 });
    for (let step = 0; step < 150; step++) {
      try {
        await write(writeOf(random, chats, notes));
      } catch (error) {
        expect(String(error)).toMatch(/constraint/i);
      }
      if (step % 4 === 0) await drain.round();
    }
    let last = await drain.round();
    while (last.cleared > 0) last = await drain.round();
    expect(last).toMatchObject({ refused: [], waiting: 0, unnamed: 0 });
    await expectEqual();
  };
  const db = stranger(path);
  db.exec('PRAGMA foreign_keys = ON');
  const there: Leg = { mapping: mapped, from: 'source', leader: file, follower: server, epoch: 1n, stamp };
  await follow(there, (sql) => db.exec(sql), 'chats', 'notes');
  await file.fence.set(2n);
  await file.capture.remove();
  const plain = await postgresStranger(database(), 'followed');
  const back: Leg = { mapping: mapped, from: 'target', leader: server, follower: file, epoch: 2n, stamp };
  await follow(back, (sql) => plain.query(sql), 'sessions', 'remarks');
  // What was mirrored is no change of the file's own, and the way there is over.
  expect(await file.capture.entries(10)).toEqual([]);
  await server.mirror.begin(2n);
  await expect(server.mirror.apply(1n, [])).rejects.toMatchObject({ code: 'E_FENCED' });
});

test('an entry that names no key stays: only a full comparison finds its record', async () => {
  const { driver: file, path } = await sqliteStore({}, old);
  const { driver: server } = await postgresStore({ target: database(), schema: 'unnamed' }, now);
  await file.capture.install();
  await server.mirror.begin(1n);
  stranger(path).exec(`INSERT INTO chats VALUES (CAST(X'ff' AS TEXT), 1, NULL), ('good', 1, NULL)`);
  const drain = new Drain({ mapping: mapped, from: 'source', leader: file, follower: server, epoch: 1n, stamp });
  expect(await drain.round()).toMatchObject({ written: 1, cleared: 1, unnamed: 1, waiting: 0 });
  expect(await drain.round()).toMatchObject({ cleared: 0, unnamed: 1 });
});
