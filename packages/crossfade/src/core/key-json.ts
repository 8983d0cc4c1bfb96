import { isUtf8 } from 'node:buffer';
import type { KeyValue, RowKey } from './cell.ts';

/** One value of a key in a form that JSON keeps, its storage class as the name of the field. */
export type KeyPart = Readonly<Record<string, string>>;

/** A key as JSON text that keeps 64 bits and arbitrary bytes, for checkpoints; the same key always gives the same text. */
export function keyToJson(key: RowKey): string {
  return JSON.stringify(keyToParts(key));
}

/** The key that {@link keyToJson} wrote. Throws TypeError on anything else. */
export function keyFromJson(text: string): RowKey {
  return keyFromParts(JSON.parse(text));
}

/** The same as data, for a list that people read too: text that is UTF-8 stands there as it is. */
export function keyToParts(key: RowKey): KeyPart[] {
  return key.map(valueToJson);
}

/** The key that {@link keyToParts} gave. Throws TypeError on anything else. */
export function keyFromParts(parts: unknown): RowKey {
  if (!Array.isArray(parts)) throw new TypeError('not a key');
  return parts.map(valueFromJson);
}

function valueToJson(value: KeyValue): KeyPart {
  if (typeof value === 'bigint') return { integer: value.toString() };
  if (typeof value === 'number') return { real: Object.is(value, -0) ? '-0' : String(value) };
  if (!('text' in value)) return { blob: Buffer.from(value.blob).toString('base64') };
  return isUtf8(value.text)
    ? { utf8: Buffer.from(value.text).toString('utf8') }
    : { text: Buffer.from(value.text).toString('base64') };
}

function valueFromJson(part: unknown): KeyValue {
  const json = (typeof part === 'object' && part !== null ? part : {}) as KeyPart;
  if (typeof json.integer === 'string' && isInteger(json.integer)) return BigInt(json.integer);
  if (typeof json.real === 'string' && !Number.isNaN(Number(json.real))) return Number(json.real);
  if (typeof json.utf8 === 'string') return { text: new Uint8Array(Buffer.from(json.utf8)) };
  if (typeof json.text === 'string') return { text: new Uint8Array(Buffer.from(json.text, 'base64')) };
  if (typeof json.blob === 'string') return { blob: new Uint8Array(Buffer.from(json.blob, 'base64')) };
  throw new TypeError('not a key value');
}

/** SQLite's integers have 64 bits. */
function isInteger(text: string): boolean {
  return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}
