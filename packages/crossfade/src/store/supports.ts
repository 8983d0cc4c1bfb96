/**
 * What a store can do, as data: the façade refuses by it, the suite skips by it, and users read it. A capability that is
 * not declared is not there; asking for it throws E_UNSUPPORTED.
 */
export interface Supports {
  /** A write of several changes is all or nothing. Else only one change a write is taken. */
  readonly atomic: boolean;
  /** Nobody else's write comes between the read and the write of an `update`. */
  readonly update: boolean;
  /** `scan` in the order of the key or of an index, and its conditions. */
  readonly orderedScan: boolean;
  /** Unique sets and references are kept. */
  readonly constraints: boolean;
  /** What a write that was acknowledged survives. */
  readonly durable: 'nothing' | 'process' | 'machine';
  /** Who may write: this process alone, or many. */
  readonly writers: 'one' | 'many';
  /** What notes the keys of writes: triggers those of all programs, intents those of this store. */
  readonly capture: 'none' | 'intents' | 'triggers';
  /** What can stop writes: triggers those of all programs, `process` those of this store. */
  readonly fence: 'none' | 'process' | 'triggers';
  /** Another store's records can be mirrored into it, guarded by epoch and version. */
  readonly mirror: boolean;
  /**
   * What becomes of a write that an applier or loader of an epoch that is over sends after another one has begun. `refused`:
   * the place refuses it, whenever it arrives. `asked`: the applier asks before it writes, so that one that was paused in
   * between may still write; a full verification finds that.
   */
  readonly lateApplier: 'none' | 'asked' | 'refused';
  /** Ranges of keys can be read and, where `mirror` is true, loaded. */
  readonly bulk: boolean;
  /** Several reads can be of one state. */
  readonly snapshot: boolean;
  /** It may give numbers to new records by counters of its own, which can be raised. */
  readonly counters: boolean;
}

/** What a driver declares that has no part of the live protocol (live/live.ts). */
export const notLive = {
  capture: 'none',
  fence: 'none',
  mirror: false,
  lateApplier: 'none',
  bulk: false,
  snapshot: false,
  counters: false,
} as const satisfies Partial<Supports>;

/** What a database declares that has transactions, constraints and triggers. */
export const database = {
  atomic: true,
  update: true,
  orderedScan: true,
  constraints: true,
  durable: 'machine',
  writers: 'many',
  capture: 'triggers',
  fence: 'triggers',
  mirror: true,
  lateApplier: 'refused',
  bulk: true,
  snapshot: true,
  counters: true,
} as const satisfies Supports;

/** What a place declares that is this process's alone, with its records or what finds them in memory. */
export const ownedByProcess = {
  atomic: false,
  update: true,
  orderedScan: true,
  constraints: true,
  durable: 'nothing',
  writers: 'one',
  capture: 'intents',
  fence: 'process',
  mirror: true,
  lateApplier: 'refused',
  bulk: true,
  snapshot: true,
  counters: false,
} as const satisfies Supports;

/** A capability that is either there or not. */
export type Capability = { [C in keyof Supports]: Supports[C] extends boolean ? C : never }[keyof Supports];
