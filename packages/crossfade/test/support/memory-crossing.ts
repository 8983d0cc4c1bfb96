import { onTestFinished } from 'vitest';
import { Operator, type OperatorOptions } from '../../src/control/operator.ts';
import { crossedDriver } from '../../src/crossfade/crossed.ts';
import { type MemoryDriver, memoryDriver } from '../../src/drivers/memory/memory.ts';
import type { Crossing } from '../../src/keep/crossing.ts';
import { Keeper, type KeeperOptions } from '../../src/keep/keeper.ts';
import { MemoryLedger } from '../../src/ledger/memory.ts';
import { collections } from '../../src/schema/collection.ts';
import { identity } from '../../src/schema/mapping/declare.ts';
import { mappingHash } from '../../src/schema/mapping/unit.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Words with a number, of which no two may be alike. */
export const words = collections({
  words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'], unique: [['n']] },
});

/** A change that adds a word. */
export const word = (name: string, n: number) =>
  ({ kind: 'insert', collection: 'words', row: { word: name, n } }) as const;

const by = { commit: 'c0ffee' };

/** Two stores in memory that cross on a clock that the test moves, with an application that has one instance. */
export interface MemoryCrossing {
  readonly clock: VirtualClock;
  readonly ledger: MemoryLedger;
  readonly crossing: Crossing;
  readonly source: MemoryDriver;
  readonly target: MemoryDriver;
  /** What the application has. */
  readonly store: Store<typeof words>;
  /** A keeper that has begun, by this name; over other drivers where the test has some. */
  keeper(actor: string, over?: Partial<Crossing>, options?: Partial<KeeperOptions>): Keeper;
  operator(actor?: string, options?: Partial<OperatorOptions>): Operator;
  /** Lets time pass until the call has been answered, an hour at most. */
  during<T>(call: Promise<T>): Promise<T>;
  /** The records of a side, as `word n`. */
  held(side: 'source' | 'target'): string[];
}

/** A crossing that was begun, in `legacy`; nobody keeps it yet. */
export async function memoryCrossing(): Promise<MemoryCrossing> {
  const clock = new VirtualClock();
  const ledger = new MemoryLedger({ nowMs: () => clock.nowMs() });
  const [source, target] = [memoryDriver(), memoryDriver()];
  const mapping = identity(words);
  const group = 'words';
  const crossing: Crossing = { ledger, group, mapping, source, target };
  await ledger.begin(group, mappingHash(mapping), { ...by, actor: 'operator' });
  const options = { ledger, group, mappingHash: mappingHash(mapping), source, target, clock };
  const store = openStore(words, crossedDriver({ ...options, patienceMs: 60_000, pollMs: 100 }));
  await store.open();
  const during = async <T>(call: Promise<T>): Promise<T> => {
    let isOver = false;
    void call.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    for (let passed = 0; !isOver && passed < 300_000; passed += 10) await clock.pass(10);
    return call;
  };
  onTestFinished(() => during(store.close()));
  return {
    clock,
    ledger,
    crossing,
    source,
    target,
    store,
    keeper: (actor, over = {}, more = {}) => {
      const keeper = new Keeper({ ...crossing, ...over }, { ...by, actor, clock, ...more });
      keeper.start();
      onTestFinished(() => during(keeper.stop()));
      return keeper;
    },
    operator: (actor = 'operator', more = {}) => new Operator({ ledger, group, ...by, actor, clock, ...more }),
    during,
    held: (side) => (side === 'source' ? source : target).snapshot('words').map(({ word: name, n }) => `${name} ${n}`),
  };
}
