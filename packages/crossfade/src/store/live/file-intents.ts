import { makeFolder } from '../durable/disk.ts';
import { LineLog } from '../durable/line-log.ts';
import { lockFolder } from '../durable/lock.ts';
import { checkLife, IntentList, type IntentStep } from './intent-list.ts';
import type { IntentLog } from './intents.ts';

/** Where intents are kept. */
export interface FileIntentsOptions {
  /** A folder of this log alone; it is made when it is not there. One process at a time holds it. */
  readonly dir: string;
  /**
   * How long a write may still be done when nobody hears of it any longer: the maximum life of a request. Too little
   * settles an intent whose write lands afterwards, and nothing notes that one.
   */
  readonly lifeMs: number;
}

/**
 * A log of intents on the disk of this process, for a place that answers over the network and has no transactions.
 * Where the disk goes with the process, as that of a container does, only a full verification finds what was noted.
 *
 * @throws TypeError without a life that is a number of milliseconds; CrossfadeError E_STORE_BUSY, E_STORE_DAMAGED from
 * `open`
 */
export function fileIntents({ dir, lifeMs }: FileIntentsOptions): IntentLog {
  checkLife(lifeMs);
  const log = intentFile(dir, lifeMs);
  let release = (): void => undefined;
  return {
    ...log,
    open: async (collections) => {
      await makeFolder(dir);
      release = lockFolder(dir);
      await log.open(collections).catch((error: unknown) => {
        release();
        throw error;
      });
    },
    close: async () => {
      await log.close();
      release();
      release = () => undefined;
    },
  };
}

/**
 * The log in a folder that its caller holds against everybody else. The file is made by the first installation.
 *
 * @param lifeMs 0 where no write outlives its process
 */
export function intentFile(dir: string, lifeMs: number): IntentLog {
  let list = new IntentList(0, lifeMs);
  let names: readonly string[] = [];
  const file = new LineLog<IntentStep>({ dir, name: '.intents', state: () => list.steps() });
  return {
    open: async (collections) => {
      const steps = await file.read();
      // Counters begin at the time of day: who has seen an entry of a file that was removed clears none of this one.
      list = new IntentList(Math.trunc(performance.timeOrigin), lifeMs);
      for (const step of steps) list.retrace(step);
      names = collections;
    },
    close: () => file.close(),
    begin: async (touched) => {
      const { intent, steps } = list.note(touched);
      if (steps.length > 0)
        await file.append(...steps).catch((error: unknown) => {
          // The write does not begin, so what may stand in the file is over.
          intent.end();
          throw error;
        });
      return intent;
    },
    install: async () => {
      if (list.installed) return;
      list.install();
      await file.rewrite().catch((error: unknown) => {
        list.remove();
        throw error;
      });
    },
    remove: async () => {
      if (!list.installed) return;
      // Until it is on the disk that nothing is noted any longer, everything is.
      await file.rewrite(list.stepsOfRemoval());
      list.remove();
    },
    stands: async () => list.stands(names),
    entries: async (limit) => list.entries(limit),
    clear: async (entries) => {
      const counters = list.clear(entries);
      if (counters.length > 0) await file.append({ is: 'cleared', counters });
    },
  };
}
