import { randomUUID } from 'node:crypto';
import { bothOf, crossedDriver } from '../crossfade/crossed.ts';
import type { InstanceOptions } from '../crossfade/instance.ts';
import type { Control, Ledger } from '../ledger/contract.ts';
import { openLedger } from '../ledger/postgres/open.ts';
import type { Target } from '../pg/target.ts';
import type { Collections } from '../schema/collection.ts';
import { identity } from '../schema/mapping/declare.ts';
import { mappingHash } from '../schema/mapping/unit.ts';
import type { Driver, Store } from '../store/contract.ts';
import { openStore } from '../store/store.ts';
import type { Crossable } from './crossing.ts';
import { Keeper, type KeeperOptions } from './keeper.ts';
import { refill } from './refill.ts';

/**
 * Two stores that are to become one, and how this process takes part. Of the times, `patienceMs` is 10,000 and `pollMs` 200
 * where they are not given.
 */
export interface CrossfadeOptions<S extends Collections>
  extends Pick<InstanceOptions, 'leaseMs' | 'pollMs' | 'pollFrozenMs' | 'patienceMs' | 'writeLifeMs'>,
    Pick<KeeperOptions, 'removalsMax'> {
  /** Collections that cross together; the same name in every process and in the operator's commands. */
  readonly group: string;
  readonly schema: S;
  /** Where the records are. A store with one writer process is this process's alone. */
  readonly source: Crossable;
  /** Where they are to be. */
  readonly target: Crossable;
  /** The database of the control ledger, in its schema `crossfade`: as a rule that of the target. */
  readonly ledger: Target;
  /** Which release this is, for the history. Default `unknown`. */
  readonly commit?: string;
  /** Whether this process keeps the other store in step when no other does. Default true. */
  readonly isKeeper?: boolean;
}

/**
 * A store of two stores. The application uses it as any other one, and nothing else changes in it: where its records are,
 * and when that changes, is told by the ledger, and decided by the operator.
 *
 * Until somebody starts the crossing every call goes to the source. The group is begun by whoever opens it first. Opening
 * needs the ledger, since it says who leads; a source that leads is then served without it.
 */
export function crossfade<const S extends Collections>(options: CrossfadeOptions<S>): Store<S> {
  return openStore(options.schema, livingDriver(options));
}

/** A write waits for longer than a cutover may take by itself, and the beginning of a rollback is heard of soon. */
const patience = { waitMs: 10_000, pollMs: 200 } as const;

/** What is there while the store is open. */
interface Life {
  readonly ledger: Ledger;
  readonly crossed: Driver;
  readonly keeper: Keeper | null;
}

function livingDriver(options: CrossfadeOptions<Collections>): Driver {
  const { source, target } = options;
  let life: Life | null = null;
  const crossed = (): Driver => (life as Life).crossed;
  return {
    name: `${source.name} to ${target.name}`,
    supports: bothOf(source.supports, target.supports),
    open: async () => {
      life = await begin(options);
    },
    close: async () => {
      const ended = life as Life;
      life = null;
      // The keeper works on stores that are open.
      await ended.keeper?.stop();
      try {
        await ended.crossed.close();
      } finally {
        await ended.ledger.close();
      }
    },
    read: (collection, key) => crossed().read(collection, key),
    scan: (collection, scan) => crossed().scan(collection, scan),
    write: (changes) => crossed().write(changes),
    update: (collection, key, change) => crossed().update(collection, key, change),
  };
}

async function begin(options: CrossfadeOptions<Collections>): Promise<Life> {
  const { group, schema, source, target, commit = 'unknown', isKeeper = true, removalsMax } = options;
  const mapping = identity(schema);
  const hash = mappingHash(mapping);
  const by = { actor: randomUUID(), commit };
  const ledger = await openLedger({ target: options.ledger });
  try {
    const { leaseMs, pollMs = patience.pollMs, pollFrozenMs, patienceMs = patience.waitMs, writeLifeMs } = options;
    const given = { leaseMs, pollMs, pollFrozenMs, patienceMs, writeLifeMs };
    const times = Object.fromEntries(Object.entries(given).filter(([, ms]) => ms !== undefined));
    const before = await ledger.control(group);
    // In legacy each release may bring a schema of its own.
    if (before === null || before.state === 'legacy') await ledger.begin(group, hash, by);
    const crossed = crossedDriver({ ledger, group, mappingHash: hash, source, target, ...times });
    await crossed.open(schema);
    const crossing = { ledger, group, mapping, source, target };
    try {
      await refill(crossing, ((await ledger.control(group)) as Control).state);
    } catch (error) {
      await crossed.close();
      throw error;
    }
    const more = removalsMax === undefined ? {} : { removalsMax };
    const keeper = isKeeper ? new Keeper(crossing, { ...by, ...more }) : null;
    keeper?.start();
    return { ledger, crossed, keeper };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}
