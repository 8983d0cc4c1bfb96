import type { Collections } from '../../schema/collection.ts';
import type { Driver } from '../contract.ts';
import { Lifecycle } from '../lifecycle.ts';
import type { Live } from './live.ts';

const parts: readonly (keyof Live)[] = ['capture', 'fence', 'mirror', 'bulk', 'counters'];

/**
 * The same driver, whose parts of the live protocol live as long as it does. They are asked beside the store, which does
 * not know of their calls: so closing waits for those that are under way, and later ones are refused by E_STORE_CLOSED
 * until somebody opens it; a call that comes while it opens waits for that.
 */
export function withinLife<D extends Driver>(driver: D): D {
  let schema: Collections = {};
  const life = new Lifecycle(
    driver.name,
    () => driver.open(schema),
    () => driver.close(),
  );
  const lived = parts.flatMap((name) => {
    const part = driver[name];
    return part === undefined ? [] : [[name, partWithin(life, part)]];
  });
  return {
    ...driver,
    ...(Object.fromEntries(lived) as Live),
    open: async (given: Collections) => {
      schema = given;
      await life.open();
    },
    close: () => life.close(),
  };
}

type Verb = (...given: unknown[]) => Promise<unknown>;

function partWithin(life: Lifecycle, part: object): object {
  const verbs = Object.entries(part) as [string, Verb][];
  return Object.fromEntries(
    verbs.map(([name, verb]) => [name, (...given: unknown[]) => life.within(async () => verb.apply(part, given))]),
  );
}
