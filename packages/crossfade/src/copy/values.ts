import { Tag } from '../core/cell.ts';
import type { FieldType, Value } from '../schema/collection.ts';
import type { PgType } from '../schema/model.ts';
import { printJson } from '../schema/values/json-value.ts';
import type { CopyBuffer } from './buffer.ts';
import { encoderFor } from './encode.ts';

/** The column that a type of field is kept in. */
const columns: Readonly<Record<FieldType, PgType>> = {
  text: 'text',
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  double: 'double precision',
  boolean: 'boolean',
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  date: 'date',
  uuid: 'uuid',
  json: 'jsonb',
  bytes: 'bytea',
};

/** As which storage class a type of field goes to its encoder; what is not here goes as text. */
const tags: Partial<Readonly<Record<FieldType, Tag>>> = {
  integer: Tag.integer,
  bigint: Tag.integer,
  boolean: Tag.integer,
  double: Tag.real,
  bytes: Tag.blob,
};

/**
 * The encoder of a field's values in their JavaScript form: that of moves, which is given the bytes that SQLite would
 * have kept. The values are canonical, so they are not examined again. False: PostgreSQL cannot hold the value.
 */
export function valueEncoder(type: FieldType, out: CopyBuffer): (value: Value) => boolean {
  const encode = encoderFor(columns[type], out, { rules: [], checked: false });
  const tag = tags[type] ?? Tag.text;
  return (value) => {
    if (value !== null) {
      const bytes = bytesOf(type, value);
      return encode(tag, bytes, 0, bytes.length);
    }
    out.int32(-1);
    return true;
  };
}

function bytesOf(type: FieldType, value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (type === 'json') return Buffer.from(printJson(value));
  if (typeof value === 'boolean') return Buffer.from(value ? '1' : '0');
  return Buffer.from(
    value === Infinity ? 'Inf' : value === -Infinity ? '-Inf' : String(value as string | number | bigint),
  );
}
