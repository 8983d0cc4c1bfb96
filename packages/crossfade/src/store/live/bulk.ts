import type { Key, Row } from '../../schema/collection.ts';
import type { OnDamaged } from './damaged.ts';

/** Keys beyond `after`, up to and with `upTo`; null is no bound. Ranges that join cover every key, also one not yet written. */
export interface KeyRange {
  readonly after: Key | null;
  readonly upTo: Key | null;
}

/** Reads of one state of the store, whatever is written meanwhile. */
export interface Snapshot {
  read(collection: string, key: Key): Promise<Row | null>;
  /** The records of a range in the order of the key, at most `limit`; fewer only at its end. */
  range(collection: string, range: KeyRange, limit: number): Promise<readonly Row[]>;
}

/** Many records at once. `supports.bulk` declares it. */
export interface Bulk {
  /**
   * The records of a range in the order of the key, at most `limit`; fewer only at its end. Calls may see later states.
   *
   * @param onDamaged is told of each record that cannot be read and lies before the last one that was; of one whose key
   * nobody can tell, where the place meets it, which may be in one of several ranges only; the others are answered without it. Where it is not given, such a record is thrown as E_RECORD_DAMAGED. A
   * place whose records cannot be damaged passes it over.
   */
  range(collection: string, range: KeyRange, limit: number, onDamaged?: OnDamaged): Promise<readonly Row[]>;
  /**
   * Makes a range hold exactly these records, which come in the order of the key, all within the range: what is there
   * beyond them is removed, but for the keys of `keep`, which are not touched in any way, also where `rows` has one.
   * A record that is replaced keeps what refers to it, as by a put; what refers to a removed one goes with it or refuses
   * the load, as by a remove: whatever refers to it at the end of the load. A record that was given or is kept never
   * goes; one that refers to a removed one refuses the load. Unique sets and references are judged by the state at the end, and a load
   * that is refused has changed nothing. It is one transaction where `supports.atomic` says so; else a call that failed
   * otherwise may be half done and is repeated.
   * Like the mirror it passes the fence and is not captured, and takes its turn by the epochs of the mirror: none of an
   * earlier one is under way when `begin` has returned. It neither asks nor moves the guards of keys. A store that declares
   * `bulk` and no `mirror` cannot tell epochs apart, and throws E_UNSUPPORTED.
   *
   * @throws CrossfadeError E_FENCED when `epoch` is not the one that `mirror.begin` began last: nothing was written;
   * E_UNIQUE, E_REFERENCE as a write does
   */
  load(
    epoch: bigint,
    collection: string,
    range: KeyRange,
    rows: readonly Row[],
    keep?: readonly Key[],
  ): Promise<LoadCount>;
  /**
   * Gives `read` one state of the store, until it resolves; writes go on meanwhile. `supports.snapshot` declares it; a store that declares `bulk`
   * alone throws E_UNSUPPORTED.
   */
  snapshot<T>(read: (snapshot: Snapshot) => Promise<T>): Promise<T>;
}

/** What a load has changed. */
export interface LoadCount {
  /** Records made or replaced; one that was equal already may count. */
  readonly written: number;
  /** Records of the range that were there and are no longer; not those of other collections that went with them. */
  readonly removed: number;
}
