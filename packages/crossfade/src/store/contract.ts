import type { Collections, Key, Row, RowOf, Value } from '../schema/collection.ts';
import type { Awaitable } from './awaitable.ts';
import type { Live } from './live/live.ts';
import type { Supports } from './supports.ts';

/**
 * The contract of a store, from both sides. {@link Store} is what an application holds; {@link Driver} is what somebody
 * writes who has another place for records. The façade in store.ts makes the one out of the other, and
 * `pg-crossfade/suite` is the definition of both: a driver that passes it is right.
 *
 * What holds for every store:
 * - A resolved write is durable as far as `supports.durable` says, and a later read of the same store sees it.
 * - A refused write throws and has changed nothing: not one of its changes is there, where `supports.atomic` is true;
 *   where it is false, a write of several changes is refused before the first one is made.
 * - An error whose code is E_OUTCOME_UNKNOWN is no refusal: the write may be there, now or later. Read before repeating it.
 * - Nothing is dropped in silence, and no value changes on its way: what was written comes back equal, in the form of
 *   its type (schema/collection.ts), or was refused by code.
 */
export interface Store<S extends Collections = Collections> {
  /** For messages and reports: `memory`, `postgres`, ... */
  readonly name: string;
  readonly schema: S;
  readonly supports: Supports;
  /** Opens it; every other call opens by itself. Idempotent. @throws what the driver's place has to say */
  open(): Promise<void>;
  /** Waits for what is under way and lets go of everything. Idempotent; `open` opens again. */
  close(): Promise<void>;
  /** The record of the key, or null. */
  read<N extends keyof S & string>(collection: N, key: Key): Promise<RowOf<S[N]> | null>;
  /** One page in the order of the key, or of a declared index or unique set. */
  scan<N extends keyof S & string>(collection: N, query?: ScanQuery): Promise<Page<RowOf<S[N]>>>;
  /** Makes changes, in order, all or nothing. */
  write(changes: readonly Change<S>[]): Promise<void>;
  /**
   * Reads a record, asks `change` what it is to be, and writes that: null removes it, undefined leaves it as it is.
   * Nobody else's write of the key comes in between; `change` may be called more than once and must have no effects.
   */
  update<N extends keyof S & string>(
    collection: N,
    key: Key,
    change: (row: RowOf<S[N]> | null) => RowOf<S[N]> | null | undefined,
  ): Promise<RowOf<S[N]> | null>;
}

/** One change of a write. */
export type Change<S extends Collections = Collections> = {
  [N in keyof S & string]:
    | { readonly kind: 'insert'; readonly collection: N; readonly row: RowOf<S[N]> }
    | { readonly kind: 'put'; readonly collection: N; readonly row: RowOf<S[N]> }
    | { readonly kind: 'patch'; readonly collection: N; readonly key: Key; readonly set: Partial<RowOf<S[N]>> }
    | { readonly kind: 'remove'; readonly collection: N; readonly key: Key };
}[keyof S & string];

/**
 * A change as a driver gets it: checked, its values in their one form, a row with every field of its collection.
 *
 * - insert: E_KEY_EXISTS where there is a record of the key.
 * - put: replaces the record or makes it. It is one record throughout: what refers to it is not touched.
 * - patch: E_KEY_MISSING where there is none. `set` has no field of the key.
 * - remove: no error where there is none. One that a later change of the same write takes back does not come at all.
 *
 * All but remove: E_UNIQUE and E_REFERENCE, by the state at the end of the write, where `supports.constraints` says so.
 */
export type DriverChange =
  | { readonly kind: 'insert' | 'put'; readonly collection: string; readonly key: Key; readonly row: Row }
  | { readonly kind: 'patch'; readonly collection: string; readonly key: Key; readonly set: Row }
  | { readonly kind: 'remove'; readonly collection: string; readonly key: Key };

/** What is asked of a scan. */
export interface ScanQuery {
  /** All of them must hold. A condition on null finds nothing but by `=`. */
  readonly where?: readonly Condition[];
  /** The fields of a declared index or unique set; default the key. Equal ones stand in the order of the key. */
  readonly by?: readonly string[];
  readonly descending?: boolean;
  /** `next` of the page before; the query must be the same. */
  readonly after?: Cursor;
  /** Records of a page, 1 to 1,000. Default 100. */
  readonly limit?: number;
}

/** One comparison with a field; json, bytes, numeric and double have no order and are not compared. */
export interface Condition {
  readonly field: string;
  readonly is: '=' | '<' | '<=' | '>' | '>=';
  readonly value: Value;
}

/** The values of the ordering fields of the last record of a page, then those of its key. */
export type Cursor = readonly Value[];

/** A page. A record that stays as it is while the pages are read appears on exactly one of them. */
export interface Page<R = Row> {
  readonly rows: readonly R[];
  /** Null behind the last record. */
  readonly next: Cursor | null;
}

/** A scan as a driver gets it. */
export interface DriverScan {
  readonly where: readonly Condition[];
  /** What to order by: `by`, then the fields of the key that are not among these. Nulls come first. */
  readonly order: readonly string[];
  readonly descending: boolean;
  /** Values of `order`; the page begins behind them. */
  readonly after: Cursor | null;
  readonly limit: number;
}

/**
 * What somebody writes who has another place for records. `open` is called before anything else and once, `close` when
 * no call is under way; arguments are checked and never null where the types do not say so. A verb that is done when it
 * returns may answer and throw at once, which spares a promise. A driver reads no environment and knows no other driver.
 */
export interface Driver extends Live {
  readonly name: string;
  readonly supports: Supports;
  open(schema: Collections): Promise<void>;
  close(): Promise<void>;
  read(collection: string, key: Key): Awaitable<Row | null>;
  /** At most `limit` rows, fewer only at the end. */
  scan(collection: string, scan: DriverScan): Awaitable<readonly Row[]>;
  write(changes: readonly DriverChange[]): Awaitable<void>;
  /** As {@link Store.update}. `change` answers a change of this very key, or null for none. */
  update(collection: string, key: Key, change: (row: Row | null) => DriverChange | null): Awaitable<void>;
}

/** A driver with every part of the live protocol. */
export type LiveDriver = Driver & Required<Live>;
