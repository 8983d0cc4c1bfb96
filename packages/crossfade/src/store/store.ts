import { CrossfadeError } from '../core/errors.ts';
import type { Collections, Key, Row, RowOf } from '../schema/collection.ts';
import type { Awaitable } from './awaitable.ts';
import { CollectionCheck } from './check-change.ts';
import { checkScan, cursorOf } from './check-scan.ts';
import type { Change, Driver, Page, ScanQuery, Store } from './contract.ts';
import { Lifecycle } from './lifecycle.ts';
import { settled } from './settle.ts';
import type { Capability } from './supports.ts';

/**
 * The one façade over every driver: it checks once, so that drivers need not, refuses what the driver does not declare,
 * and opens and closes. Nothing that a caller hands over or gets is shared with the store: rows are copies.
 *
 * @throws CrossfadeError E_ROW_INVALID, E_KEY_INVALID, E_SCAN_INVALID, E_UNSUPPORTED, E_STORE_CLOSED before the driver
 * is asked; E_KEY_EXISTS, E_KEY_MISSING, E_UNIQUE, E_REFERENCE, E_OUTCOME_UNKNOWN and those of its place by the driver
 */
export function openStore<const S extends Collections>(schema: S, driver: Driver): Store<S> {
  const { name, supports } = driver;
  const life = new Lifecycle(
    name,
    () => driver.open(schema),
    () => driver.close(),
  );
  const need = (capability: Capability, what: string): void => {
    if (supports[capability]) return;
    throw new CrossfadeError(
      'E_UNSUPPORTED',
      `The store ${name} cannot ${what}. Nothing was done. See its supports.${capability}.`,
      {
        store: name,
        capability,
      },
    );
  };
  const checks = new Map(Object.entries(schema).map(([each, shape]) => [each, new CollectionCheck(each, shape)]));
  const checkOf = (collection: string): CollectionCheck => {
    const check = checks.get(collection);
    if (check !== undefined) return check;
    throw new TypeError(`There is no collection ${JSON.stringify(collection)} in the schema.`);
  };
  return {
    name,
    schema,
    supports,
    open: () => life.open(),
    close: () => life.close(),
    read: async <N extends keyof S & string>(collection: N, key: Key) => {
      const checked = checkOf(collection).key(key);
      return life.during(() => driver.read(collection, checked)) as Awaitable<RowOf<S[N]> | null>;
    },
    scan: async <N extends keyof S & string>(collection: N, query: ScanQuery = {}) => {
      need('orderedScan', 'scan in order');
      const scan = checkScan(checkOf(collection), query);
      const rows = await life.during(() => driver.scan(collection, scan));
      return {
        rows,
        next: rows.length < scan.limit ? null : cursorOf(rows[rows.length - 1], scan.order),
      } as unknown as Page<RowOf<S[N]>>;
    },
    write: async (changes: readonly Change<S>[]) => {
      if (changes.length > 1) need('atomic', 'make several changes at once');
      const checked = settled(changes.map((change) => checkOf(change.collection).change(change)));
      return checked.length === 0 ? undefined : life.during(() => driver.write(checked));
    },
    update: async (collection, key, change) => {
      need('update', 'read and write a record in one step');
      const check = checkOf(collection);
      const checked = check.key(key);
      let result: Row | null = null;
      await life.during(() =>
        driver.update(collection, checked, (row) => {
          const wanted = change(row as never);
          result = wanted === undefined ? row : wanted === null ? null : check.row(wanted, checked);
          if (wanted === undefined) return null;
          return result === null
            ? { kind: 'remove', collection, key: checked }
            : { kind: 'put', collection, key: checked, row: result };
        }),
      );
      return result;
    },
  };
}
