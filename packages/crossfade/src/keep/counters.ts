import { limits } from '../core/limits.ts';
import type { Collection, Collections, FieldType } from '../schema/collection.ts';
import type { Crossable } from './crossing.ts';

/** The last number of a field whose numbers a store may give. */
const lastOf: Readonly<Partial<Record<FieldType, bigint>>> = { integer: 2n ** 31n - 1n, bigint: 2n ** 63n - 1n };

/**
 * Lets a store that is about to lead give no number that the other one has given: it goes on beyond its last record, and
 * leaves a gap for numbers whose records are gone again, which nobody can tell.
 *
 * @throws CrossfadeError those of the store
 */
export async function raiseCounters(driver: Crossable, schema: Collections): Promise<void> {
  if (driver.counters === undefined) return;
  for (const [collection, shape] of Object.entries(schema)) {
    const last = lastOf[shape.fields[shape.key[0]].type];
    if (shape.key.length > 1 || last === undefined) continue;
    const held = await lastKey(driver, collection, shape);
    const atLeast = held + limits.keepCounterGap;
    await driver.counters.raise(collection, atLeast < last ? atLeast : last);
  }
}

async function lastKey(driver: Crossable, collection: string, { key }: Collection): Promise<bigint> {
  const query = { where: [], order: key, descending: true, after: null, limit: 1 };
  const [row] = await driver.scan(collection, query);
  return row === undefined ? 0n : BigInt(row[key[0]] as number | bigint);
}
