import { createHash } from 'node:crypto';
import {
  type Collection,
  type Collections,
  emptyRow,
  type JsonObject,
  type JsonValue,
  type Row,
} from '../schema/collection.ts';
import { jsonOf, valueOfJson } from '../schema/values/json-form.ts';
import { parseJson, printJson } from '../schema/values/json-value.ts';

/**
 * The lines of a document of exported records. Each has one spelling, so that a reader compares lines, and a byte that
 * was changed, lost or added anywhere is noticed.
 */

/** What stands behind the records of a collection. */
export interface Sum {
  readonly count: number;
  /** SHA-256 over the texts of the records, each with a line feed behind it. */
  readonly sha256: string;
}

/** Raised by a change of the format that an older reader would misunderstand. */
export const exportVersion = 1;

/** The first line. */
export function header(schema: Collections): string {
  return `{"format":"crossfade-export","version":${exportVersion},"schema":"${schemaDigest(schema)}","collections":{\n`;
}

/** The line before the records of a collection. */
export function opening(name: string): string {
  return `${JSON.stringify(name)}:{"records":[\n`;
}

/** The line behind them. */
export function closing({ count, sha256 }: Sum, isLast: boolean): string {
  return `],"count":${count},"sha256":"${sha256}"}${isLast ? '' : ','}\n`;
}

/** The last line, with the number of all records. */
export function footer(total: number): string {
  return `},"count":${total}}\n`;
}

/** A record on one line; equal records have equal texts. */
export function recordText({ fields }: Collection, row: Row): string {
  const names = Object.keys(fields).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${printJson(sorted(jsonOf(fields[name].type, row[name])))}`).join()}}`;
}

/** The record of such a text, or null for a text that is none. */
export function recordOf(shape: Collection, text: string): Row | null {
  try {
    const object = parseJson(text) as JsonObject;
    const row = emptyRow();
    for (const [name, { type }] of Object.entries(shape.fields)) row[name] = valueOfJson(type, object[name]);
    const isWhole = Object.entries(shape.fields).every(
      ([name, { nullable }]) => nullable === true || row[name] !== null,
    );
    return isWhole && recordText(shape, row) === text ? row : null;
  } catch {
    return null;
  }
}

/**
 * The collections in an order in which what is referred to comes before what refers to it, as far as that goes: in a
 * circle one reference points ahead.
 */
export function writingOrder(schema: Collections): readonly string[] {
  const order = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (order.has(name)) return;
    for (const { to } of schema[name].references ?? []) if (!path.includes(to)) visit(to, [...path, to]);
    order.add(name);
  };
  for (const name of Object.keys(schema).sort()) visit(name, [name]);
  return [...order];
}

/** What decides which records fit: everything of a schema but its indexes and the order in which it was written down. */
export function schemaDigest(schema: Collections): string {
  const described = Object.entries(schema).map(([name, { fields, key, unique = [], references = [] }]) => [
    name,
    Object.entries(fields)
      .map(([field, { type, nullable = false }]) => [field, type, nullable] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    key,
    unique,
    references.map((reference) => [reference.fields, reference.to, reference.onRemove]),
  ]);
  described.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(described)).digest('hex');
}

/** The same JSON with the members of its objects by name: stores keep them in orders of their own. */
function sorted(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map((item: JsonValue) => sorted(item));
  if (typeof json !== 'object' || json === null) return json;
  const copy = Object.create(null) as Record<string, JsonValue>;
  for (const name of Object.keys(json).sort()) copy[name] = sorted((json as JsonObject)[name]);
  return copy;
}
