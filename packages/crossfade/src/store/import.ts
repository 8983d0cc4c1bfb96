import { CrossfadeError } from '../core/errors.ts';
import { type Collections, emptyRow, type Reference, type Row } from '../schema/collection.ts';
import { keyOf } from './check-change.ts';
import type { Change, Store } from './contract.ts';
import { writingOrder } from './export-format.ts';
import { type ExportSource, readExport } from './read-export.ts';

/** How much one write of a store with several changes carries at most. */
const batchRecords = 500;
const batchCharacters = 4 * 1024 * 1024;

/** What an import may find in the store. */
export interface ImportOptions {
  /** `any` replaces records of the same keys and keeps all others, so that it may be repeated. Default `empty`. */
  readonly into?: 'empty' | 'any';
}

/** How many records each collection of an export has. */
export type ImportReport = Readonly<Record<string, number>>;

/** Looks at an export as an import does before it writes: version, schema, every record, counts and sums. @throws CrossfadeError E_EXPORT_INVALID */
export async function checkExport(schema: Collections, source: ExportSource): Promise<ImportReport> {
  const counts = new Map(writingOrder(schema).map((name) => [name, 0]));
  for await (const { collection } of readExport(schema, source))
    counts.set(collection, (counts.get(collection) as number) + 1);
  return Object.assign(Object.create(null) as object, Object.fromEntries(counts));
}

/**
 * Writes the records of an export into a store of the same schema. The whole export is checked before the first write.
 * The writes are not one: when the store fails on the way, a part of the records is there, and the same import with
 * `into: 'any'` completes it.
 *
 * @throws CrossfadeError E_EXPORT_INVALID, E_TARGET_NOT_EMPTY and E_UNSUPPORTED before the first write, and what the
 * store has to say
 */
export async function importCollections<S extends Collections>(
  store: Store<S>,
  source: ExportSource,
  { into = 'empty' }: ImportOptions = {},
): Promise<ImportReport> {
  const { schema } = store;
  const postponed = store.supports.constraints ? postponedFields(schema) : new Map<string, ReadonlySet<string>>();
  const report = await checkExport(schema, source);
  if (into === 'empty') await refuseFilled(store);
  const write = new Batches(store);
  for await (const { collection, row, size } of readExport(schema, source)) {
    const kind = into === 'empty' ? 'insert' : 'put';
    await write.add({ kind, collection, row: without(row, postponed.get(collection)) }, size);
  }
  await write.flush();
  if (postponed.size === 0) return report;
  for await (const { collection, row } of readExport(schema, source)) {
    const set = emptyRow();
    for (const field of postponed.get(collection) ?? []) if (row[field] !== null) set[field] = row[field];
    const key = keyOf(schema[collection], row);
    if (Object.keys(set).length > 0) await write.add({ kind: 'patch', collection, key, set }, 0);
  }
  await write.flush();
  return report;
}

async function refuseFilled<S extends Collections>(store: Store<S>): Promise<void> {
  for (const collection of Object.keys(store.schema)) {
    const { rows } = await store.scan(collection, { limit: 1 });
    if (rows.length > 0)
      throw new CrossfadeError(
        'E_TARGET_NOT_EMPTY',
        `The store ${store.name} has records of ${collection}. Nothing was written. Import into an empty store, or ask for into: 'any', which replaces records of the same keys.`,
        { store: store.name, collection },
      );
  }
}

/** Collects changes for stores that take several at once. */
class Batches<S extends Collections> {
  private readonly store: Store<S>;
  private changes: unknown[] = [];
  private characters = 0;

  constructor(store: Store<S>) {
    this.store = store;
  }

  async add(change: Change, size: number): Promise<void> {
    this.changes.push(change);
    this.characters += size;
    const isFull = this.changes.length >= batchRecords || this.characters >= batchCharacters;
    if (isFull || !this.store.supports.atomic) await this.flush();
  }

  async flush(): Promise<void> {
    const changes = this.changes as Change<S>[];
    this.changes = [];
    this.characters = 0;
    await this.store.write(changes);
  }
}

/** By collection, fields that are null until every record is there, because what they refer to may come later. */
function postponedFields(schema: Collections): Map<string, ReadonlySet<string>> {
  const order = writingOrder(schema);
  const postponed = new Map<string, ReadonlySet<string>>();
  for (const [i, name] of order.entries()) {
    const ahead = (schema[name].references ?? []).filter(({ to }) => order.indexOf(to) >= i);
    if (ahead.length > 0)
      postponed.set(name, new Set(ahead.map((reference) => nullableField(schema, name, reference))));
  }
  return postponed;
}

function nullableField(schema: Collections, name: string, { fields, to }: Reference): string {
  const nullable = fields.find((field) => schema[name].fields[field].nullable === true);
  if (nullable !== undefined) return nullable;
  throw new CrossfadeError(
    'E_UNSUPPORTED',
    `${name} refers to ${to} in a circle, by fields that are never null, so no record can be written first. Nothing was written. Import into a store without constraints.`,
    { collection: name, fields },
  );
}

function without(row: Row, fields: ReadonlySet<string> | undefined): Row {
  if (fields === undefined) return row;
  const copy = Object.assign(emptyRow(), row);
  for (const field of fields) copy[field] = null;
  return copy;
}
