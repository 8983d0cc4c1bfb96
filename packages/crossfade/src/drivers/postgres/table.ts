import { CrossfadeError } from '../../core/errors.ts';
import { keyFact } from '../../core/key-text.ts';
import { ident } from '../../core/sql-text.ts';
import { type Collection, emptyRow, type FieldType, type Key, type Row, type Value } from '../../schema/collection.ts';
import { list, qualified } from '../../schema/ddl.ts';
import { JsonFault } from '../../schema/values/json-value.ts';
import { codecs, Undecodable } from './codecs.ts';
import type { Scalar } from './statement.ts';

/** A collection as its table: names that are quoted already, and the way of values in and out. */
export interface Table {
  readonly name: string;
  readonly shape: Collection;
  /** `"schema"."table"`. */
  readonly relation: string;
  readonly fields: readonly string[];
  /** The columns of `fields`, joined by commas. */
  readonly columns: string;
  /** The parameter of this number, as a value of the field. */
  parameter(number: number, field: string): string;
  /** Values of fields as parameters. */
  parametersOf(fields: readonly string[], values: Key): Scalar[];
  /** The record of a row whose columns are `fields`. @throws CrossfadeError E_RECORD_DAMAGED */
  rowOf(cells: readonly (string | null)[]): Row;
  /** The key of such a row; null where that is what cannot be read. */
  keyOf(cells: readonly (string | null)[]): Key | null;
}

/** Looks up once what every statement and row of the collection needs. */
export function tableOf(schema: string, name: string, shape: Collection): Table {
  const fields = Object.keys(shape.fields);
  const decoders = fields.map((field) => codecs[shape.fields[field].type].decode);
  const typeOf = (field: string): FieldType => shape.fields[field].type;
  /** Numbers of a key may be told. */
  const cellOf = (place: number, cell: string | null | undefined): unknown =>
    ['integer', 'bigint'].includes(typeOf(fields[place])) && /^-?\d+$/.test(cell ?? '') ? BigInt(cell ?? '') : cell;
  const places = shape.key.map((field) => fields.indexOf(field));
  return {
    name,
    shape,
    relation: qualified(schema, name),
    fields,
    columns: list(fields),
    parameter: (number, field) => `$${number}::${codecs[typeOf(field)].column}`,
    parametersOf: (of, values) => values.map((value, i) => parameterOf(typeOf(of[i]), value)),
    rowOf: (cells) => {
      const row = emptyRow();
      let i = 0;
      try {
        for (; i < fields.length; i++) {
          const cell = cells[i];
          row[fields[i]] = cell === null ? null : decoders[i](cell);
        }
      } catch (error) {
        throw damaged(error, name, { field: fields[i], key: places.map((place) => cellOf(place, cells[place])) });
      }
      return row;
    },
    keyOf: (cells) => {
      try {
        return places.map((place) => decoders[place](cells[place] ?? ''));
      } catch {
        return null;
      }
    },
  };
}

/** A column to be ordered or compared by: text by its code points, whatever the column's collation. */
export function ordered(table: Table, field: string): string {
  return table.shape.fields[field].type === 'text' ? `${ident(field)} COLLATE "C"` : ident(field);
}

function parameterOf(type: FieldType, value: Value): Scalar {
  return value === null ? null : codecs[type].encode(value);
}

function damaged(
  error: unknown,
  collection: string,
  { field, key }: { readonly field: string; readonly key: readonly unknown[] },
): unknown {
  if (!(error instanceof Undecodable || error instanceof JsonFault)) return error;
  return new CrossfadeError(
    'E_RECORD_DAMAGED',
    `${collection}.${field} holds a value that its type in the schema does not have. Nothing was read. Correct the row, or the schema.`,
    { collection, field, key: keyFact(key) },
  );
}
