import type { KeyValue, RowKey } from './cell.ts';

/** A key as JSON text that keeps 64 bits and arbitrary bytes, for checkpoints; the same key always gives the same text. */
export function keyToJson(key: RowKey): string {
  return JSON.stringify(key.map(valueToJson));
}

/** The key that {@link keyToJson} wrote. Throws TypeError on anything else. */
export function keyFromJson(text: string): RowKey {
  const values = JSON.parse(text) as unknown;
  if (!Array.isArray(values)) throw new TypeError('not a key');
  return values.map(valueFromJson);
}

function valueToJson(value: KeyValue): Record<string, string> {
  if (typeof value === 'bigint') return { integer: value.toString() };
  if (typeof value === 'number') return { real: Object.is(value, -0) ? '-0' : String(value) };
  return 'text' in value
    ? { text: Buffer.from(value.text).toString('base64') }
    : { blob: Buffer.from(value.blob).toString('base64') };
}

function valueFromJson(json: Record<string, string>): KeyValue {
  if (typeof json.integer === 'string') return BigInt(json.integer);
  if (typeof json.real === 'string') return Number(json.real);
  if (typeof json.text === 'string') return { text: new Uint8Array(Buffer.from(json.text, 'base64')) };
  if (typeof json.blob === 'string') return { blob: new Uint8Array(Buffer.from(json.blob, 'base64')) };
  throw new TypeError('not a key value');
}
