import { expect } from 'vitest';
import { collections } from '../../src/schema/collection.ts';
import type { LiveDriver, Store } from '../../src/store/contract.ts';

/** Two schemas whose stores share a database. */
export const neighbours = {
  a: collections({ people: { fields: { id: { type: 'text' }, n: { type: 'integer' } }, key: ['id'] } }),
  b: collections({ words: { fields: { id: { type: 'text' }, n: { type: 'integer' } }, key: ['id'] } }),
} as const;

/** A store with its driver, and the one collection of it. */
export interface Neighbour {
  readonly collection: string;
  readonly store: Store;
  readonly driver: LiveDriver;
}

const write = ({ store, collection }: Neighbour, id: string): Promise<void> =>
  store.write([{ kind: 'put', collection, row: { id, n: 1 } }]);
const record = ({ collection }: Neighbour, version: bigint) => ({
  collection,
  key: ['m'],
  row: { id: 'm', n: Number(version) },
  version,
});

/** Holds that neither sees, clears, turns or ends what is the other's. */
export async function expectApart(a: Neighbour, b: Neighbour): Promise<void> {
  await capturesApart(a, b);
  await mirrorsApart(a, b);
  await fencesApart(a, b);
}

async function capturesApart(a: Neighbour, b: Neighbour): Promise<void> {
  await a.driver.capture.install();
  expect(await b.driver.capture.stands()).toMatchObject({ stands: false, unarmed: [b.collection] });
  await b.driver.capture.install();
  await write(a, 'a');
  await write(b, 'b');
  const [ofA, ofB] = [await a.driver.capture.entries(10), await b.driver.capture.entries(10)];
  expect([ofA, ofB].map((entries) => entries.map(({ collection, key }) => [collection, key?.[0]]))).toEqual([
    [[a.collection, 'a']],
    [[b.collection, 'b']],
  ]);
  await b.driver.capture.clear(ofA);
  expect(await a.driver.capture.entries(10)).toEqual(ofA);
  await b.driver.capture.remove();
  expect(await b.driver.capture.stands()).toMatchObject({ stands: false, unarmed: [b.collection] });
  expect(await a.driver.capture.stands()).toMatchObject({ stands: true });
  await write(a, 'a2');
  expect(await a.driver.capture.entries(10)).toHaveLength(2);
  expect(await b.driver.capture.entries(10)).toEqual([]);
}

async function mirrorsApart(a: Neighbour, b: Neighbour): Promise<void> {
  await a.driver.mirror.begin(5n);
  await expect(b.driver.mirror.apply(5n, [record(b, 1n)])).rejects.toMatchObject({ code: 'E_FENCED' });
  await b.driver.mirror.begin(3n);
  expect(await a.driver.mirror.apply(5n, [record(a, 4n)])).toBe(1);
  expect(await b.driver.mirror.apply(3n, [record(b, 4n)])).toBe(1);
  await b.driver.mirror.reset();
  expect(await a.driver.mirror.apply(5n, [record(a, 3n)])).toBe(0);
  expect(await b.driver.mirror.apply(3n, [record(b, 3n)])).toBe(1);
}

async function fencesApart(a: Neighbour, b: Neighbour): Promise<void> {
  await b.driver.fence.lift(1n);
  await a.driver.fence.set(7n);
  expect(await b.driver.fence.state()).toEqual({ epoch: 1n, isSet: false });
  await write(b, 'free');
  await b.driver.fence.set(2n);
  await a.driver.fence.lift(7n);
  await write(a, 'free');
  await expect(write(b, 'late')).rejects.toMatchObject({ code: 'E_FENCED' });
  expect(await a.driver.capture.stands()).toMatchObject({ stands: true });
}
