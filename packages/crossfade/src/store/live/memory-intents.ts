import { captureOfList, checkLife, IntentList } from './intent-list.ts';
import type { IntentLog } from './intents.ts';

/**
 * A log of intents that ends with its process, as what was written and not read yet does: for tests, and for a place
 * whose records end with the process too.
 *
 * @param lifeMs how long a write may still be done when nobody hears of it any longer; 0 where none outlives its answer
 * @throws TypeError without a life that is a number of milliseconds
 */
export function memoryIntents({ lifeMs }: { readonly lifeMs: number }): IntentLog {
  checkLife(lifeMs);
  const list = new IntentList(0, lifeMs);
  let names: readonly string[] = [];
  return {
    ...captureOfList(list, () => names),
    open: async (collections) => {
      names = collections;
    },
    close: async () => undefined,
    begin: async (touched) => list.note(touched).intent,
  };
}
