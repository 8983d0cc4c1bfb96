import type { CrossfadeError } from '../../core/errors.ts';
import type { Change, Store } from '../contract.ts';
import { openStore } from '../store.ts';
import { same, type Suite } from './check.ts';
import { referenceDriver } from './reference.ts';
import { suiteSchema, type SuiteSchema } from './schema.ts';
import { person } from './people.ts';

/** Histories of random changes, made to the store and to a simple one beside it: both answer and hold the same. */
export function randomCases({ it }: Suite): void {
  for (let seed = 1; seed <= 10; seed++) {
    it(`a random history of 60 writes, seed ${seed}`, async (store) => {
      const simple = openStore(suiteSchema, referenceDriver());
      const random = randomOf(seed);
      for (let i = 0; i < 60; i++) {
        const changes = Array.from({ length: store.supports.atomic ? 1 + random(3) : 1 }, () => changeOf(random));
        const [expected, actual] = [await outcome(simple, changes), await outcome(store, changes)];
        same(actual, expected);
        const key = [`p${random(6)}`];
        same(await store.read('people', key), await simple.read('people', key));
      }
      for (let i = 0; i < 6; i++) {
        same(await store.read('people', [`p${i}`]), await simple.read('people', [`p${i}`]));
        for (let n = 0; n < 3; n++)
          same(await store.read('visits', [`p${i}`, n]), await simple.read('visits', [`p${i}`, n]));
      }
      if (!store.supports.orderedScan) return;
      for (const by of [['id'], ['age'], ['team', 'name']])
        same((await store.scan('people', { by })).rows, (await simple.scan('people', { by })).rows);
    });
  }
}

/** A change of people without an email. Constraints are left out: which of two broken ones is named is nobody's promise. */
export function changeOf(random: Random): Change<SuiteSchema> {
  const id = `p${random(6)}`;
  const row = person(id, { age: random(4) === 0 ? null : random(5) - 2, team: ['x', 'y', null][random(3)] });
  const made: readonly Change<SuiteSchema>[] = [
    { kind: 'insert', collection: 'people', row },
    { kind: 'put', collection: 'people', row },
    { kind: 'patch', collection: 'people', key: [id], set: { age: random(9), name: `n${random(3)}` } },
    { kind: 'remove', collection: 'people', key: [id] },
  ];
  return made[random(made.length)];
}

async function outcome(store: Store<SuiteSchema>, changes: readonly Change<SuiteSchema>[]): Promise<string> {
  return store.write(changes).then(
    () => 'done',
    (error: CrossfadeError) => error.code,
  );
}

/** Numbers below a limit. */
export type Random = (below: number) => number;

/** The same numbers for the same seed. Marsaglia's xorshift32. */
export function randomOf(seed: number): Random {
  let state = seed * 2_654_435_761;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
