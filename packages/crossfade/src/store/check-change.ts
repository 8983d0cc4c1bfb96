import { CrossfadeError, type ErrorCode } from '../core/errors.ts';
import { type Collection, emptyRow, type Key, type Row, type Value } from '../schema/collection.ts';
import { canonical, ValueFault } from '../schema/values/field-values.ts';
import type { Change, DriverChange } from './contract.ts';

/** A change with its values in their one form. @throws CrossfadeError E_ROW_INVALID, E_KEY_INVALID */
export function checkChange(shape: Collection, change: Change): DriverChange {
  const { kind, collection } = change;
  if (kind === 'insert' || kind === 'put') {
    const row = checkRow(collection, shape, change.row);
    return { kind, collection, key: keyOf(shape, row), row };
  }
  const key = checkKey(collection, shape, change.key);
  if (kind === 'remove') return { kind, collection, key };
  const set = checkFields(collection, shape, change.set);
  const fixed = shape.key.find((field) => Object.hasOwn(set, field));
  if (fixed !== undefined)
    throw invalid(
      'E_ROW_INVALID',
      collection,
      fixed,
      'is part of the key, which a patch does not change; remove the record and insert it anew',
    );
  return { kind, collection, key, set };
}

/** A whole record: a nullable field that is left out is null. @param key the key that the record must have */
export function checkRow(collection: string, shape: Collection, row: object, key?: Key): Row {
  const given = fieldsOf(collection, shape, row);
  const checked = emptyRow();
  for (const name of Object.keys(shape.fields)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value !== undefined) checked[name] = checkValue('E_ROW_INVALID', collection, shape, name, value);
    else if (shape.fields[name].nullable === true) checked[name] = null;
    else throw invalid('E_ROW_INVALID', collection, name, 'is missing');
  }
  const own = keyOf(shape, checked);
  const other = key === undefined ? -1 : own.findIndex((value, i) => value !== key[i]);
  if (other >= 0)
    throw invalid('E_KEY_INVALID', collection, shape.key[other], 'is not that of the record that was to be updated');
  return checked;
}

/** The values of a key, in its order. */
export function checkKey(collection: string, shape: Collection, key: Key): Key {
  if (!Array.isArray(key) || key.length !== shape.key.length)
    throw new CrossfadeError(
      'E_KEY_INVALID',
      `A key of ${collection} is an array of ${shape.key.length} (${shape.key.join(', ')}). Nothing was done.`,
      { collection, fields: shape.key },
    );
  return key.map((value, i) => checkValue('E_KEY_INVALID', collection, shape, shape.key[i], value));
}

/** The key of a checked record. */
export function keyOf(shape: Collection, row: Row): Key {
  return shape.key.map((field) => row[field]);
}

/** One value of a field, in its one form. */
export function checkValue(
  code: ErrorCode,
  collection: string,
  shape: Collection,
  name: string,
  value: unknown,
): Value {
  const field = shape.fields[name];
  if (value === null) {
    if (field.nullable === true) return null;
    throw invalid(code, collection, name, 'is null, which the schema does not allow');
  }
  try {
    return canonical(field.type, value);
  } catch (error) {
    if (error instanceof ValueFault) throw invalid(code, collection, name, error.message);
    throw error;
  }
}

function checkFields(collection: string, shape: Collection, row: object): Record<string, Value> {
  const checked = emptyRow();
  for (const [name, value] of Object.entries(fieldsOf(collection, shape, row)))
    if (value !== undefined) checked[name] = checkValue('E_ROW_INVALID', collection, shape, name, value);
  return checked;
}

/** What was given, with fields of the schema alone. */
function fieldsOf(collection: string, shape: Collection, row: object): Readonly<Record<string, unknown>> {
  if (typeof row !== 'object' || row === null) throw new TypeError(`A record of ${collection} is an object.`);
  const unknown = Object.keys(row).find((name) => !Object.hasOwn(shape.fields, name));
  if (unknown !== undefined) throw invalid('E_ROW_INVALID', collection, unknown, 'is no field of the schema');
  return row as Readonly<Record<string, unknown>>;
}

function invalid(code: ErrorCode, collection: string, field: string, what: string): CrossfadeError {
  return new CrossfadeError(code, `${collection}.${field} ${what}. Nothing was written.`, { collection, field });
}
