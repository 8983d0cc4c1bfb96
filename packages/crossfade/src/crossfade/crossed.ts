import { hasCode } from '../core/errors.ts';
import type { Collections } from '../schema/collection.ts';
import type { Side } from '../schema/mapping/mapping.ts';
import { type Awaitable, caught } from '../store/awaitable.ts';
import type { Driver } from '../store/contract.ts';
import { notLive, type Supports } from '../store/supports.ts';
import type { InstanceOptions } from './instance.ts';
import { Lives } from './lives.ts';

/** Two stores of one shape, and how this process takes part in their crossing. */
export interface CrossedOptions extends Omit<InstanceOptions, 'id'> {
  readonly source: Driver;
  readonly target: Driver;
}

/**
 * A crossfade of two stores is a store: each call goes to the one that the state of the crossing names, and a write waits
 * while none is. Each opening is an instance of its own, which leaves when the store is closed; one that was counted out
 * meanwhile is followed by another.
 *
 * A write that came too late for its state, and was refused by the fence of the store, is made again by the next one:
 * nothing of it was done. It supports what both stores support.
 */
export function crossedDriver({ source, target, ...options }: CrossedOptions): Driver {
  const sides: Readonly<Record<Side, Driver>> = { source, target };
  const lives = new Lives(options);
  const closeBoth = async (): Promise<void> => void (await Promise.allSettled([source.close(), target.close()]));
  const read = <T>(call: (driver: Driver) => Awaitable<T>): Awaitable<T> =>
    lives.during((instance) => instance.read(({ state }) => call(sides[state.reads])));
  const write = (call: (driver: Driver) => Awaitable<void>): Awaitable<void> =>
    lives.during((instance) => {
      let epoch = -1n;
      const endMs = instance.patienceEndMs();
      const attempt = (): Awaitable<void> =>
        caught(
          () =>
            instance.write((view) => {
              epoch = view.epoch;
              // Admitted means that somebody leads.
              return call(sides[view.state.leader as Side]);
            }),
          async (error) => {
            if (!hasCode(error, 'E_FENCED')) throw error;
            await instance.beyond(epoch, endMs);
            return attempt();
          },
        );
      return attempt();
    });
  return {
    name: `${source.name} to ${target.name}`,
    supports: bothOf(source.supports, target.supports),
    open: async (schema: Collections) => {
      try {
        await Promise.all([source.open(schema), target.open(schema)]);
        await lives.begin();
      } catch (error) {
        await closeBoth();
        throw error;
      }
    },
    close: async () => {
      try {
        await lives.end();
      } finally {
        await closeBoth();
      }
    },
    read: (collection, key) => read((driver) => driver.read(collection, key)),
    scan: (collection, scan) => read((driver) => driver.scan(collection, scan)),
    write: (changes) => write((driver) => driver.write(changes)),
    update: (collection, key, change) => write((driver) => driver.update(collection, key, change)),
  };
}

const durabilities = ['nothing', 'process', 'machine'] as const;

/** An application may count on what holds wherever its records are. */
export function bothOf(one: Supports, other: Supports): Supports {
  const least = Math.min(durabilities.indexOf(one.durable), durabilities.indexOf(other.durable));
  return {
    ...notLive,
    atomic: one.atomic && other.atomic,
    update: one.update && other.update,
    orderedScan: one.orderedScan && other.orderedScan,
    constraints: one.constraints && other.constraints,
    durable: durabilities[least],
    writers: one.writers === 'one' || other.writers === 'one' ? 'one' : 'many',
  };
}
