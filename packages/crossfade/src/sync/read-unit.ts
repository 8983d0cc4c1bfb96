import type { Collection, Key, Row } from '../schema/collection.ts';
import type { Mapping, Part, Side, Unit, UnitRecords } from '../schema/mapping/mapping.ts';
import { familyOf } from '../schema/mapping/unit.ts';
import type { Condition, Driver } from '../store/contract.ts';

const pageRows = 1_000;

/** All records of a unit as its store holds them now; one record at a time where it has several. */
export async function readUnit(driver: Driver, mapping: Mapping, side: Side, unit: Unit): Promise<UnitRecords> {
  const found: Record<string, readonly Row[]> = {};
  for (const part of familyOf(mapping, unit)[side])
    found[part.collection] = await readPart(driver, mapping[side][part.collection], part, unit.key);
  return found;
}

async function readPart(driver: Driver, shape: Collection, { collection, by }: Part, key: Key): Promise<Row[]> {
  if (by.join('\0') !== shape.key.join('\0')) return findWhere(driver, shape, collection, by, key);
  const row = await driver.read(collection, key);
  return row === null ? [] : [row];
}

/** The records whose fields have these values; by an index where the schema declares one on them. */
export async function findWhere(
  driver: Driver,
  shape: Collection,
  collection: string,
  fields: readonly string[],
  values: Key,
): Promise<Row[]> {
  const where = fields.map((field, i): Condition => ({ field, is: '=', value: values[i] }));
  const indexes = [...(shape.unique ?? []), ...(shape.indexes ?? [])];
  const by = indexes.find((index) => index.join('\0') === fields.join('\0')) ?? shape.key;
  const order = [...by, ...shape.key.filter((field) => !by.includes(field))];
  const rows: Row[] = [];
  for (let after: Key | null = null; ; ) {
    const page: readonly Row[] = await driver.scan(collection, {
      where,
      order,
      descending: false,
      after,
      limit: pageRows,
    });
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return rows;
    after = order.map((field) => last[field]);
  }
}
