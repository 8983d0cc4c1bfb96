import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import type { Key, Row } from '../../schema/collection.ts';
import type { DriverChange } from '../../store/contract.ts';
import { refusal, refusalWords } from '../../store/refusal.ts';
import { Overtaken } from './attempt.ts';
import type { KeyConstraints } from './refusals.ts';
import { inLockOrder } from './lock-order.ts';
import { ask, askAlone, inTransaction, type Statement, StatementFailure } from './statement.ts';
import type { Table } from './table.ts';
import type { Verbs } from './verbs.ts';

/** The collections of an open store. */
export interface Opened {
  readonly tables: ReadonlyMap<string, Table>;
  readonly verbs: ReadonlyMap<string, Verbs>;
  readonly keys: KeyConstraints;
  /** Every constraint counts at the end of a write, so that its changes may be made in any order. */
  readonly isOrderFree: boolean;
  /** Gives a text its prepared statement. */
  readonly named: (text: string) => Statement;
}

/** Makes changes, all or nothing. @throws StatementFailure; CrossfadeError E_KEY_MISSING */
export async function makeChanges(client: pg.Client, opened: Opened, changes: readonly DriverChange[]): Promise<void> {
  if (changes.length === 1) return make(askAlone, client, opened, changes[0]);
  const makeAll = (wanted: readonly DriverChange[]): Promise<void> =>
    inTransaction(client, async () => {
      for (const change of wanted) await make(ask, client, opened, change);
    });
  const ordered = opened.isOrderFree && !mayCascade(opened, changes) ? inLockOrder(changes) : changes;
  if (ordered.every((change, i) => change === changes[i])) return makeAll(changes);
  try {
    await makeAll(ordered);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Where several changes are to be refused, it is the first one's refusal that counts.
    await makeAll(changes);
  }
}

/** ON DELETE CASCADE waits for nothing: it takes what refers to the record at that moment, so the order is the caller's. */
function mayCascade({ tables }: Opened, changes: readonly DriverChange[]): boolean {
  return (
    changes.some(({ kind }) => kind === 'remove') &&
    [...tables.values()].some(({ shape }) => shape.references?.some(({ onRemove }) => onRemove === 'remove'))
  );
}

/** Reads a record, asks what it is to be, and writes that; nobody else writes it in between. @throws Overtaken and as {@link makeChanges} */
export function updateRecord(
  client: pg.Client,
  opened: Opened,
  place: { readonly collection: string; readonly key: Key },
  change: (row: Row | null) => DriverChange | null,
): Promise<void> {
  const { table, readForUpdate } = opened.verbs.get(place.collection) as Verbs;
  return inTransaction(client, async () => {
    const { rows } = await ask(client, readForUpdate, table.parametersOf(table.shape.key, place.key));
    const wanted = change(rows.length === 0 ? null : table.rowOf(rows[0]));
    if (wanted === null) return;
    if (rows.length > 0 || wanted.kind !== 'put') return make(ask, client, opened, wanted);
    // What is not there cannot be locked. An insert meets whoever makes it meanwhile; a put would replace theirs.
    await make(ask, client, opened, { ...wanted, kind: 'insert' }).catch((error: unknown) => {
      throw isKeyTaken(error, opened.keys) ? new Overtaken() : error;
    });
  });
}

function isKeyTaken(error: unknown, keys: KeyConstraints): boolean {
  if (!(error instanceof StatementFailure) || error.sqlstate !== '23505') return false;
  return keys.get(String(error.facts.table))?.names.has(String(error.facts.constraint)) === true;
}

async function make(run: typeof ask, client: pg.Client, { verbs }: Opened, change: DriverChange): Promise<void> {
  const { statement, values } = (verbs.get(change.collection) as Verbs).change(change);
  const { count } = await run(client, statement, values);
  if (change.kind === 'patch' && count === 0)
    throw refusal('E_KEY_MISSING', change.collection, refusalWords.E_KEY_MISSING);
}

function isRefusal(error: unknown): boolean {
  return error instanceof StatementFailure ? error.sqlstate.startsWith('23') : error instanceof CrossfadeError;
}
