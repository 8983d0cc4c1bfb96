import { createHmac, randomBytes } from 'node:crypto';
import type { KeyValue, RowKey } from './cell.ts';

/** Of this process alone: a digest that leaves it cannot be matched against guesses. */
const runKey = randomBytes(32);

/**
 * A key for screens, logs and reports: rowids and numbers in plain, because they say nothing; text and bytes as a keyed
 * digest, because they may name a person. Files that only their owner can read use {@link plainKey}.
 */
export function displayKey(key: RowKey): string {
  const parts = key.map((value) => (typeof value === 'object' ? hidden(value) : String(value)));
  return `${key.length === 1 && typeof key[0] === 'bigint' ? 'rowid' : 'key'} ${parts.join(', ')}`;
}

/** The same for the key of a store's record, value by value, as a fact of an error. */
export function keyFact(values: readonly unknown[]): string[] {
  return values.map((value) => {
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    return digestOf(value instanceof Uint8Array ? value : String(value));
  });
}

/** A key with its values, for files of mode 0600 and for `--show-values`. */
export function plainKey(key: RowKey): string {
  const parts = key.map((value) => (typeof value === 'object' ? shown(value) : String(value)));
  return `${key.length === 1 && typeof key[0] === 'bigint' ? 'rowid' : 'key'} ${parts.join(', ')}`;
}

function hidden(value: Exclude<KeyValue, bigint | number>): string {
  return digestOf('text' in value ? value.text : value.blob);
}

/** What stands for text that may name a person: equal for equal text, within this process. */
export function digestOf(text: string | Uint8Array): string {
  return `#${createHmac('sha256', runKey).update(text).digest('hex').slice(0, 12)} (${Buffer.byteLength(text)} bytes)`;
}

function shown(value: Exclude<KeyValue, bigint | number>): string {
  return 'text' in value
    ? JSON.stringify(Buffer.from(value.text).toString('utf8'))
    : `x'${Buffer.from(value.blob).toString('hex')}'`;
}
