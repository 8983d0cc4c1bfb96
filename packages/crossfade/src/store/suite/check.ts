import assert from 'node:assert/strict';
import { CrossfadeError, type ErrorCode } from '../../core/errors.ts';
import { openStore } from '../store.ts';
import type { Driver, Store } from '../contract.ts';
import type { Live } from '../live/live.ts';
import { suiteSchema, type SuiteSchema } from './schema.ts';

/** Whatever runs tests: vitest's `test`, node:test's, any with this shape. */
export type Test = (name: string, run: () => Promise<void>) => void;

/** A place that holds nothing yet, for one case. */
export interface Place {
  /** A driver for the place; called again, another driver for the same place and its records. */
  readonly driver: () => Driver;
  /** Removes the place. */
  readonly remove?: () => Promise<void>;
}

/** A store, and the parts of the live protocol that lie beside it. */
export interface Opened {
  readonly store: Store<SuiteSchema>;
  readonly live: Live;
}

/** A place with a way to come back to it. */
export interface OpenPlace extends Place {
  /** The parts of the live protocol that lie beside the store of the case. */
  readonly live: Live;
  /** Another store on what the place holds. */
  readonly reopen: () => Opened;
}

/** What a part of the suite works with. */
export interface Suite {
  /** A case that gets an empty store, closed and removed behind it. */
  readonly it: (name: string, run: (store: Store<SuiteSchema>, place: OpenPlace) => Promise<void>) => void;
}

/** Ties a runner of tests to a maker of places. */
export function suiteOf(test: Test, make: () => Promise<Place>): Suite {
  const openOn = (place: Place): Opened => {
    const driver = place.driver();
    return { store: openStore(suiteSchema, driver), live: driver };
  };
  return {
    it: (name, run) =>
      test(name, async () => {
        const place = await make();
        const { store, live } = openOn(place);
        try {
          await run(store, { ...place, live, reopen: () => openOn(place) });
        } finally {
          await store.close();
          await place.remove?.();
        }
      }),
  };
}

/** Deeply equal, whatever the prototypes: records have none. */
export function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected));
}

/** The call is refused by this code, with no value of `secrets` in its message. */
export async function refused(code: ErrorCode, call: Promise<unknown>, secrets: readonly string[] = []): Promise<void> {
  const error = await call.then(
    () => assert.fail(`nothing was refused, and ${code} was expected`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CrossfadeError, `another error than a CrossfadeError: ${String(error)}`);
  assert.equal(error.code, code, error.message);
  const told = `${error.message} ${JSON.stringify(error.facts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`;
  for (const secret of secrets) assert.ok(!told.includes(secret), 'the error repeats a value');
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [`.${name}`, plain(held)]));
}
