import { describe, expect, onTestFinished, test } from 'vitest';
import { memoryDriver } from '../../src/drivers/memory/memory.ts';
import { nocodbDriver } from '../../src/drivers/nocodb/nocodb.ts';
import { collections, type Row } from '../../src/schema/collection.ts';
import { identity } from '../../src/schema/mapping/declare.ts';
import type { Driver } from '../../src/store/contract.ts';
import { memoryIntents } from '../../src/store/live/memory-intents.ts';
import { openStore } from '../../src/store/store.ts';
import { type BulkLeg, copyRange } from '../../src/sync/copy-range.ts';
import { Drain } from '../../src/sync/drain.ts';
import { seeded } from '../fixtures/random.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';
import { stamps } from './stamps.ts';

const schema = collections({
  notes: { fields: { id: { type: 'text' }, text: { type: 'text', nullable: true } }, key: ['id'] },
});
const mapping = identity(schema);
const [family] = mapping.families;

/** The engine that keeps two stores in step, with NocoDB on either side of it. */
export function nocodbSyncCases(server: () => NocodbPlace): void {
  describe('kept in step', () => {
    const all = async (driver: Driver): Promise<readonly Row[]> =>
      driver.scan('notes', { where: [], order: ['id'], descending: false, after: null, limit: 1_000 });

    /** A store in memory that leads, and one of NocoDB whose column holds 100,000 characters. */
    async function pair() {
      const plain = new PlainNocodb(server());
      const columns = [
        { title: 'Id', column_name: 'nc_id', uidt: 'ID', pk: true, ai: true, rqd: true },
        { title: 'id', column_name: 'key', uidt: 'SingleLineText' },
        { title: 'text', column_name: 'text', uidt: 'LongText' },
      ];
      await plain.ask('POST', `/api/v2/meta/bases/${server().base}/tables`, {
        table_name: 'notes',
        title: 'notes',
        columns,
      });
      await plain.empty(['notes', 'crossfade_appliers', 'crossfade_guards']);
      const mirror = { lifeMs: 20, account: server().account };
      const [memory, nocodb] = [
        memoryDriver(),
        nocodbDriver({ ...server(), mirror, intents: memoryIntents({ lifeMs: 20 }) }),
      ];
      const stores = { memory: openStore(schema, memory), nocodb: openStore(schema, nocodb) };
      for (const store of Object.values(stores)) {
        await store.open();
        onTestFinished(() => store.close());
      }
      const stamp = stamps();
      const there = { mapping, from: 'source', leader: memory, follower: nocodb, epoch: 1n, stamp } as BulkLeg;
      const back = { mapping, from: 'target', leader: nocodb, follower: memory, epoch: 2n, stamp } as BulkLeg;
      return { memory, nocodb, stores, there, back };
    }

    async function drained(leg: BulkLeg) {
      const drain = new Drain(leg, { limit: 40 });
      let last = await drain.round();
      while (last.cleared > 0) last = await drain.round();
      return last;
    }

    test('NocoDB follows a store that is written, and then leads it', async () => {
      const { memory, nocodb, stores, there, back } = await pair();
      const random = seeded(4);
      for (const [leg, store] of [
        [there, stores.memory],
        [back, stores.nocodb],
      ] as const) {
        await leg.leader.capture.install();
        await leg.follower.mirror.begin(leg.epoch);
        for (let step = 1; step <= 60; step++) {
          const id = `n${random.below(12)}, "x"`;
          await store.write([
            random.below(3) === 0
              ? { kind: 'remove', collection: 'notes', key: [id] }
              : { kind: 'put', collection: 'notes', row: { id, text: `${leg.epoch} ${step}` } },
          ]);
          if (step % 15 === 0) await new Drain(leg).round();
        }
        expect(await drained(leg)).toMatchObject({ refused: [], waiting: 0, isDrained: true });
        expect(await all(nocodb)).toEqual(await all(memory));
        expect((await all(memory)).length).toBeGreaterThan(3);
      }
    });

    test('it is copied into, and from, by ranges', async () => {
      const { memory, nocodb, stores, there, back } = await pair();
      for (let n = 0; n < 130; n++)
        await stores.memory.write([
          { kind: 'put', collection: 'notes', row: { id: `n${String(n).padStart(3, '0')}`, text: null } },
        ]);
      await nocodb.write([{ kind: 'put', collection: 'notes', key: ['n0005'], row: { id: 'n0005', text: 'extra' } }]);
      await there.follower.mirror.begin(1n);
      const options = { limit: 60, removalsMax: 10 };
      const copied = async (leg: BulkLeg): Promise<number> => {
        let changed = 0;
        let range = await copyRange(leg, family, null, options);
        for (; range.next !== null; range = await copyRange(leg, family, range.next, options)) changed += range.changed;
        return changed + range.changed;
      };
      expect(await copied(there)).toBe(131);
      expect(await all(nocodb)).toEqual(await all(memory));
      await memory.write([{ kind: 'remove', collection: 'notes', key: ['n007'] }]);
      await back.follower.mirror.begin(2n);
      await copied(back);
      expect(await all(memory)).toEqual(await all(nocodb));
      expect((await all(memory)).length).toBe(130);
    });

    test('a record that it cannot hold is quarantined, and keeps no other from it', async () => {
      const { nocodb, stores, there } = await pair();
      await there.leader.capture.install();
      await there.follower.mirror.begin(1n);
      for (const [id, text] of [
        ['a', 'fits'],
        ['b', 'x'.repeat(100_001)],
        ['c', 'fits'],
      ])
        await stores.memory.write([{ kind: 'put', collection: 'notes', row: { id, text } }]);
      expect(await drained(there)).toMatchObject({
        refused: [{ unit: { key: ['b'] }, code: 'E_RECORD_REFUSED', facts: { status: 422 } }],
        waiting: 1,
      });
      expect((await all(nocodb)).map(({ id }) => id)).toEqual(['a', 'c']);
      await stores.memory.write([{ kind: 'put', collection: 'notes', row: { id: 'b', text: 'fits' } }]);
      expect(await drained(there)).toMatchObject({ refused: [], isDrained: true });
      expect((await all(nocodb)).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    });
  });
}
