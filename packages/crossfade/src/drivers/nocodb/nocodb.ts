import { CrossfadeError } from '../../core/errors.ts';
import type { Driver } from '../../store/contract.ts';
import type { Capture } from '../../store/live/capture.ts';
import { type IntentLog, withIntent } from '../../store/live/intents.ts';
import { withinLife } from '../../store/live/within-life.ts';
import { notLive } from '../../store/supports.ts';
import { find } from './find.ts';
import { openTables, type TablesOption } from './open-tables.ts';
import type { Place } from './place.ts';
import { Readings } from './readings.ts';
import { type RequestOptions, Requests } from './requests.ts';
import { scanPlace } from './scan.ts';
import { Turns } from './turns.ts';
import { writeChange } from './write.ts';

/** Where the records are, and how they are reached. */
export interface NocodbDriverOptions extends RequestOptions {
  /** The id of the base, `p...`, as it stands in the address of NocoDB's pages. */
  readonly base: string;
  /** `expect` (default): tables that are missing or do not fit refuse the opening. `create`: missing ones are made. */
  readonly tables?: TablesOption;
  /**
   * Notes each write before it is sent: the capture of this store, `fileIntents` or `memoryIntents`. Its `lifeMs` is to be
   * longer than a request may be on its way. Without it nothing is captured.
   */
  readonly intents?: IntentLog;
}

/**
 * Records as rows of NocoDB, by its REST API v2: a table a collection, a column a field, by the same titles.
 *
 * An error of NocoDB is no proof that nothing was written. What became of a write that was not answered by success is
 * looked up by its key, and is E_OUTCOME_UNKNOWN where that does not decide; no write is sent twice by itself.
 *
 * @throws TypeError for a url or token that is none
 */
export function nocodbDriver(options: NocodbDriverOptions): Driver {
  const { base, tables: tablesOption = 'expect', intents, ...how } = options;
  if (!/^\w+$/.test(base))
    throw new TypeError('The base is named by its id, as it stands in the address of its pages.');
  const requests = new Requests(how);
  let places: ReadonlyMap<string, Place> = new Map();
  const place = (collection: string): Place => places.get(collection) as Place;
  return withinLife({
    name: 'nocodb',
    supports: {
      atomic: false,
      update: false,
      orderedScan: true,
      constraints: false,
      durable: 'process',
      writers: 'many',
      ...notLive,
      capture: intents === undefined ? 'none' : 'intents',
    },
    open: async (schema) => {
      const tables = await openTables(requests, base, schema, tablesOption);
      await intents?.open(Object.keys(schema));
      places = new Map(
        Array.from(tables, ([name, table]) => [
          name,
          { requests, table, turns: new Turns(), readings: new Readings() },
        ]),
      );
    },
    close: async () => {
      places = new Map();
      await intents?.close();
    },
    read: async (collection, key) => (await find(place(collection), key))?.row ?? null,
    scan: (collection, scan) => scanPlace(place(collection), scan),
    write: ([change]) => {
      const write = (): Promise<void> => writeChange(place(change.collection), change);
      return intents === undefined ? write() : withIntent(intents, [change], write);
    },
    update: () =>
      Promise.reject(new CrossfadeError('E_UNSUPPORTED', 'NocoDB has no write that asks first. Nothing was done.')),
    ...(intents !== undefined && { capture: captureOf(intents) }),
  });
}

/** Opening and closing the log, and what notes a write, are the driver's own. */
function captureOf(intents: IntentLog): Capture {
  return {
    install: () => intents.install(),
    remove: () => intents.remove(),
    stands: () => intents.stands(),
    entries: (limit) => intents.entries(limit),
    clear: (entries) => intents.clear(entries),
  };
}
