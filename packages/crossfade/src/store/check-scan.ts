import { CrossfadeError } from '../core/errors.ts';
import { type Collection, keyTypes, type Row } from '../schema/collection.ts';
import type { CollectionCheck } from './check-change.ts';
import type { Cursor, DriverScan, ScanQuery } from './contract.ts';

/** How many records a page has at the most, and when nothing is said. */
const limitMax = 1_000;
const limitDefault = 100;

/** A scan with everything said. @throws CrossfadeError E_SCAN_INVALID */
export function checkScan(check: CollectionCheck, query: ScanQuery): DriverScan {
  const { collection, shape } = check;
  const { where = [], by = shape.key, descending = false, after = null, limit = limitDefault } = query;
  const fail = (what: string): never => {
    throw new CrossfadeError('E_SCAN_INVALID', `A scan of ${collection} ${what}. Nothing was read.`, { collection });
  };
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) fail(`takes a limit from 1 to ${limitMax}`);
  if (!declaredOrders(shape).some((fields) => fields.join('\0') === by.join('\0')))
    fail(`goes by the key, an index or a unique set of the schema, and (${by.join(', ')}) is none of these`);
  const order = [...by, ...shape.key.filter((field) => !by.includes(field))];
  if (after !== null && after.length !== order.length) fail('goes on after the `next` of a page of the same scan');
  const conditions = where.map(({ field, is, value }) => {
    if (!Object.hasOwn(shape.fields, field))
      return fail(`has a condition on ${JSON.stringify(field)}, which is no field`);
    if (!(keyTypes as readonly string[]).includes(shape.fields[field].type))
      fail(`compares ${field}, whose type has no order`);
    if (!['=', '<', '<=', '>', '>='].includes(is)) fail('compares by =, <, <=, > and >= alone');
    return { field, is, value: check.compared(field, value) };
  });
  return {
    where: conditions,
    order,
    descending,
    after: after?.map((value, i) => check.compared(order[i], value)) ?? null,
    limit,
  };
}

/** Where the page behind this record begins. */
export function cursorOf(row: Row, order: readonly string[]): Cursor {
  return order.map((field) => row[field]);
}

function declaredOrders(shape: Collection): (readonly string[])[] {
  return [shape.key, ...(shape.unique ?? []), ...(shape.indexes ?? [])];
}
