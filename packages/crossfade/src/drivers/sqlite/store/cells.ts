import type { FieldType, JsonValue, Value } from '../../../schema/collection.ts';
import { canonical } from '../../../schema/values/field-values.ts';
import { Json, JsonWalker } from '../../../schema/values/json.ts';
import { parseJson, printJson } from '../../../schema/values/json-value.ts';
import { bindable } from '../bindable.ts';

/** What node:sqlite takes and gives. */
export type Cell = null | number | bigint | string | Uint8Array;

/** How a type is kept: the storage class of its cells, in CREATE TABLE. */
export const columnTypes: Readonly<Record<FieldType, 'TEXT' | 'INTEGER' | 'REAL' | 'BLOB'>> = {
  text: 'TEXT',
  integer: 'INTEGER',
  bigint: 'INTEGER',
  numeric: 'TEXT',
  double: 'REAL',
  boolean: 'INTEGER',
  timestamptz: 'TEXT',
  timestamp: 'TEXT',
  date: 'TEXT',
  uuid: 'TEXT',
  json: 'TEXT',
  bytes: 'BLOB',
};

/** A canonical value as a cell. */
export function cellOf(type: FieldType, value: Value): Cell {
  if (value === null) return null;
  if (type === 'json') return printJson(value as JsonValue);
  if (value instanceof Uint8Array) return bindable(value);
  return typeof value === 'boolean' ? Number(value) : (value as Cell);
}

/** The value of a cell that is not NULL, or undefined where another program has written what the type does not hold. */
export function valueOf(type: FieldType, cell: Cell): Value | undefined {
  try {
    return readers[type](cell);
  } catch {
    return undefined;
  }
}

type Reader = (cell: Cell) => Value | undefined;

/** The text must be in the one form already: an equal value in another spelling would not be found by its key. */
function inOneForm(type: FieldType): Reader {
  return (cell) => (typeof cell === 'string' && canonical(type, cell) === cell ? cell : undefined);
}

const readers: Readonly<Record<FieldType, Reader>> = {
  text: (cell) => (typeof cell === 'string' && !cell.includes('\0') ? cell : undefined),
  integer: (cell) =>
    typeof cell === 'bigint' || typeof cell === 'number' ? canonical('integer', Number(cell)) : undefined,
  bigint: (cell) => (typeof cell === 'bigint' ? cell : undefined),
  numeric: inOneForm('numeric'),
  double: (cell) => (typeof cell === 'number' ? cell + 0 : undefined),
  boolean: (cell) => (cell === 1 || cell === 1n ? true : cell === 0 || cell === 0n ? false : undefined),
  timestamptz: inOneForm('timestamptz'),
  timestamp: inOneForm('timestamp'),
  date: inOneForm('date'),
  uuid: inOneForm('uuid'),
  json: (cell) => (typeof cell === 'string' ? jsonOf(cell) : undefined),
  bytes: (cell) => (cell instanceof Uint8Array ? cell : undefined),
};

const walker = new JsonWalker(1_000);
/** JSON.parse would drop the first of two equal names, and no store holds the others. */
const unheld = Json.duplicateKey | Json.nulEscape | Json.loneSurrogate | Json.deep;

function jsonOf(text: string): JsonValue | undefined {
  const bytes = Buffer.from(text);
  const found = walker.inspect(bytes, 0, bytes.length);
  return found === Json.no || (found & unheld) !== 0 ? undefined : parseJson(text);
}
