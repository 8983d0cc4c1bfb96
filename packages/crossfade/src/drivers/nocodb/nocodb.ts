import { CrossfadeError } from '../../core/errors.ts';
import type { Driver } from '../../store/contract.ts';
import type { Capture } from '../../store/live/capture.ts';
import { type IntentLog, withIntent } from '../../store/live/intents.ts';
import { withinLife } from '../../store/live/within-life.ts';
import { Gate } from '../../store/gate.ts';
import { notLive } from '../../store/supports.ts';
import { find } from './find.ts';
import { Applier } from './live/applier.ts';
import { firstBatchSize } from './live/batches.ts';
import { bulkOf } from './live/bulk.ts';
import type { LivePlace } from './live/live-place.ts';
import { mirrorOf } from './live/mirror.ts';
import { openOwnTables, placeOf } from './live/own-tables.ts';
import { type NocodbAccount, Sessions } from './live/sessions.ts';
import { openTables, type TablesOption } from './open-tables.ts';
import type { Place } from './place.ts';
import { type RequestOptions, Requests } from './requests.ts';
import { scanPlace } from './scan.ts';
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
  /** Lets the store follow another one; two tables more are made in the base, `crossfade_appliers` and `crossfade_guards`. */
  readonly mirror?: NocodbMirrorOptions;
}

/** How a store follows another one. */
export interface NocodbMirrorOptions {
  /**
   * How long a request may still be done when nobody hears of it any longer; longer than `requestTimeoutMs`. Whoever takes
   * over from an applier that has not signed off waits for so long.
   */
  readonly lifeMs: number;
  /**
   * Each applier writes by a session of this account, which ends when another one begins, so that what a former one sends
   * later is refused. Whoever else is signed in by it is signed out too. Without it an applier only asks before it writes.
   */
  readonly account?: NocodbAccount;
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
  const { base, tables: tablesOption = 'expect', intents, mirror, ...how } = options;
  if (!/^\w+$/.test(base))
    throw new TypeError('The base is named by its id, as it stands in the address of its pages.');
  if (mirror !== undefined && !(mirror.lifeMs >= 0 && mirror.lifeMs < Infinity))
    throw new TypeError('lifeMs is a number of milliseconds: how long a request may still be done.');
  const requests = new Requests(how);
  const sessions = mirror?.account === undefined ? null : new Sessions(requests, base, mirror.account);
  const gate = new Gate();
  let places: ReadonlyMap<string, Place> = new Map();
  let live: LivePlace | null = null;
  const place = (collection: string): Place => places.get(collection) as Place;
  const opened = (): LivePlace => live as LivePlace;
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
      bulk: true,
      mirror: mirror !== undefined,
      lateApplier: mirror === undefined ? 'none' : sessions === null ? 'asked' : 'refused',
    },
    open: async (schema) => {
      const tables = await openTables(requests, base, schema, tablesOption);
      if (mirror !== undefined) {
        const applier = new Applier(await openOwnTables(requests, base), sessions, mirror.lifeMs);
        live = { placeOf: place, applier, gate, size: { recordsMax: firstBatchSize } };
      }
      await intents?.open(Object.keys(schema));
      places = new Map(Array.from(tables, ([name, table]) => [name, placeOf(requests, table)]));
    },
    close: async () => {
      places = new Map();
      await live?.applier.release();
      await intents?.close();
    },
    read: async (collection, key) => (await find(place(collection), key))?.row ?? null,
    scan: (collection, scan) => scanPlace(place(collection), scan),
    write: ([change]) => {
      const write = (): Promise<void> => writeChange(place(change.collection), change);
      return gate.shared(() => (intents === undefined ? write() : withIntent(intents, [change], write)));
    },
    update: () =>
      Promise.reject(new CrossfadeError('E_UNSUPPORTED', 'NocoDB has no write that asks first. Nothing was done.')),
    ...(intents !== undefined && { capture: captureOf(intents) }),
    ...(mirror !== undefined && { mirror: mirrorOf(opened) }),
    bulk: bulkOf(place, mirror === undefined ? null : opened),
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
