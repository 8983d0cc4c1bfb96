/**
 * The schema of an application as data: collections of records with typed fields. It is written by hand, row types are
 * inferred from it, and every driver makes of it what its store needs: tables, documents, or nothing at all.
 */

/**
 * What a field may hold. Each type has one JavaScript form, and a value comes back in this very form whatever the store.
 *
 * | type | JavaScript | what it cannot be |
 * |---|---|---|
 * | text | string | half a surrogate pair, U+0000 |
 * | integer | number | outside 32 bits |
 * | bigint | bigint | outside 64 bits |
 * | numeric | string of digits, `-12.50` | an exponent, a leading zero, a minus before zero |
 * | double | number | NaN; -0 is 0 |
 * | boolean | boolean | |
 * | timestamptz | string, `2026-03-01T09:30:00.000000Z` | outside the years 1 to 9999 |
 * | timestamp | the same without `Z` | |
 * | date | string, `2026-03-01` | |
 * | uuid | string, lower case | |
 * | json | what JSON holds; an integer beyond 2^53 is a bigint | `undefined`, NaN, a class instance |
 * | bytes | Uint8Array | |
 */
export const fieldTypes = [
  'text',
  'integer',
  'bigint',
  'numeric',
  'double',
  'boolean',
  'timestamptz',
  'timestamp',
  'date',
  'uuid',
  'json',
  'bytes',
] as const;
export type FieldType = (typeof fieldTypes)[number];

/** Types that have an order and an equality which every store agrees on, so that keys and indexes may be made of them. */
export const keyTypes = ['text', 'integer', 'bigint', 'boolean', 'timestamptz', 'timestamp', 'date', 'uuid'] as const;

/** One field. Without `nullable` it holds a value in every record. */
export interface Field {
  readonly type: FieldType;
  readonly nullable?: boolean;
}

/** Refers to the key of another collection of the same schema. */
export interface Reference {
  readonly fields: readonly string[];
  readonly to: string;
  /** What becomes of this record when the other one is removed: the removal is refused, or it goes too. */
  readonly onRemove: 'refuse' | 'remove';
}

/** Records of one shape. */
export interface Collection {
  readonly fields: Readonly<Record<string, Field>>;
  /** What names a record: fields that are not nullable, in the order of the key. */
  readonly key: readonly string[];
  /** Sets of fields in which no two records are equal; null equals nothing. */
  readonly unique?: readonly (readonly string[])[];
  /** Sets of fields that records are looked up by, in this order. */
  readonly indexes?: readonly (readonly string[])[];
  readonly references?: readonly Reference[];
}

/** The collections of an application, by name. */
export type Collections = Readonly<Record<string, Collection>>;

/** A value of JSON; integers that a double does not hold are bigints. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;
/** An object of JSON: an ordinary one, or one without a prototype. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** The JavaScript form of each type. */
export interface ValueOf {
  text: string;
  integer: number;
  bigint: bigint;
  numeric: string;
  double: number;
  boolean: boolean;
  timestamptz: string;
  timestamp: string;
  date: string;
  uuid: string;
  json: JsonValue;
  bytes: Uint8Array;
}

/** A value of any field. JSON's own null is null too: a nullable field of JSON cannot tell the two apart. */
export type Value = ValueOf[FieldType] | null;

/** A record as drivers see it: each field of its collection once. */
export type Row = Readonly<Record<string, Value>>;

/** A record to be filled: nothing is inherited, so that no name of a field means anything else. */
export function emptyRow(): Record<string, Value> {
  return new Bare() as unknown as Record<string, Value>;
}

/**
 * Objects that inherit from one that is empty. Without any prototype they would be the same, but engines keep such an
 * object as a table of hashes, which is several times slower to fill and to read.
 */
const Bare = function () {
  // Fields come later.
} as unknown as new () => object;
Bare.prototype = Object.create(null) as object;

/**
 * A record with null in every field, to be copied by spreading and then filled: such copies are alike to an engine, which
 * makes, reads and copies them several times faster than records that have got their fields one by one.
 */
export function blankRow(fields: readonly string[]): Row {
  return Object.fromEntries(fields.map((field) => [field, null]));
}

/** The values of a key, in its order. */
export type Key = readonly Value[];

type Held<F extends Field> = F['nullable'] extends true ? ValueOf[F['type']] | null : ValueOf[F['type']];

/** The record of a collection, as the application writes and reads it. */
export type RowOf<C extends Collection> = { readonly [N in keyof C['fields']]: Held<C['fields'][N]> };

/** Declares collections with their literal types, from which row types are inferred. Throws a TypeError for a schema that contradicts itself. */
export function collections<const S extends Collections>(schema: S): S {
  for (const [name, collection] of Object.entries(schema)) {
    const fault = faultOf(collection, schema);
    if (fault !== null) throw new TypeError(`The collection ${JSON.stringify(name)} ${fault}.`);
  }
  return schema;
}

function faultOf(collection: Collection, schema: Collections): string | null {
  const { fields, key, unique = [], indexes = [], references = [] } = collection;
  const lists = [key, ...unique, ...indexes, ...references.map((reference) => reference.fields)];
  const unknown = lists.flat().find((field) => !Object.hasOwn(fields, field));
  if (unknown !== undefined) return `names a field ${JSON.stringify(unknown)} that it does not have`;
  if (lists.some((list) => list.length === 0)) return 'has a key, unique set, index or reference without fields';
  if (lists.some((list) => new Set(list).size < list.length)) return 'names a field twice in one list';
  const unordered = [key, ...unique, ...indexes]
    .flat()
    .find((field) => !(keyTypes as readonly string[]).includes(fields[field].type));
  if (unordered !== undefined) return `orders by ${JSON.stringify(unordered)}, whose type has no order`;
  if (key.some((field) => fields[field].nullable === true)) return 'has a nullable field in its key';
  for (const { fields: from, to } of references) {
    if (!Object.hasOwn(schema, to)) return `refers to ${JSON.stringify(to)}, which is no collection`;
    const target = schema[to];
    const fits =
      from.map((field) => fields[field].type).join() === target.key.map((field) => target.fields[field].type).join();
    if (!fits) return `refers to ${JSON.stringify(to)} by fields of other types than its key`;
  }
  return null;
}
