import { captureOfList, IntentList } from './intent-list.ts';
import type { IntentLog } from './intents.ts';

/**
 * A log of intents that ends with its process, as what was written and not read yet does: for tests, and for a place
 * whose records end with the process too.
 *
 * @param lifeMs how long a write whose outcome is unknown may still be done. Default 0
 */
export function memoryIntents({ lifeMs = 0 }: { readonly lifeMs?: number } = {}): IntentLog {
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
