import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../core/errors.ts';
import { ident } from '../core/sql-text.ts';
import type { ReadEntries, RecordEntry } from './entry.ts';
import { addTo, type Laid } from './lay.ts';
import { bytesOf, type LaidTable } from './table.ts';

/**
 * Reads the source a second time and compares every value of it with the copy, by a path of its own: JavaScript's parser
 * instead of ours, numbers as fractions of whole numbers. What was counted has to be there, and nothing else.
 *
 * @throws CrossfadeError E_SOURCE_CHANGED when the source is another one than was laid, E_STAGING_FAILED when the copy is
 */
export async function check(path: string, name: string, laid: Laid, read: ReadEntries): Promise<void> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = new Map(laid.tables.map((table) => [table.source, new LaidRows(db, table)]));
    const digest = createHash('sha256');
    let isEqual = true;
    for await (const entry of read()) {
      addTo(digest, entry);
      if (entry.kind === 'record') isEqual &&= tables.get(entry.table)?.holds(entry) ?? false;
    }
    if (digest.digest('hex') !== laid.digest) throw changed(name);
    if (!isEqual || ![...tables.values()].every((rows) => rows.isWhole())) throw unequal(name);
  } finally {
    db.close();
  }
}

/** The rows of one table of the copy, asked for in the order of the source. */
class LaidRows {
  private readonly table: LaidTable;
  private readonly row: ReturnType<DatabaseSync['prepare']>;
  private readonly count: number;
  private asked = 0;

  constructor(db: DatabaseSync, table: LaidTable) {
    this.table = table;
    const cells = table.columns.map(({ name }) => `typeof(${ident(name)}), ${exactly(ident(name))}`);
    const key = table.key === null ? '_rowid_' : ident(table.key.name);
    const value = table.key?.form === 'text' ? 'CAST(? AS TEXT)' : '?';
    this.row = db.prepare(`SELECT ${cells.join(', ')} FROM ${ident(table.name)} WHERE ${key} = ${value}`);
    this.row.setReadBigInts(true);
    this.row.setReturnArrays(true);
    this.count = Number(db.prepare(`SELECT count(*) AS n FROM ${ident(table.name)}`).get()?.n);
  }

  isWhole(): boolean {
    return this.asked === this.count;
  }

  holds({ name, text, bytes }: RecordEntry): boolean {
    this.asked++;
    const values = new Map(Object.entries(parsed(text) as object)) as ReadonlyMap<string, Parsed>;
    const row = this.row.get(this.keyOf(name, values)) as unknown as unknown[] | undefined;
    if (row === undefined) return false;
    const isKnown = [...values.keys()].every((member) => this.table.columns.some((column) => column.member === member));
    return (
      isKnown &&
      this.table.columns.every(({ member, form }, i) => {
        const [type, cell] = [row[2 * i], row[2 * i + 1]];
        if (member === null) return name === null ? cell === null : type === 'text' && isBytes(cell, bytesOf(name));
        const attached = bytes.get(member);
        if (attached !== undefined) return type === 'blob' && isBytes(cell, attached);
        const value = values.get(member) ?? null;
        if (value === null) return type === 'null';
        return isValue(form, value, String(type), cell, text);
      })
    );
  }

  private keyOf(name: string | null, values: ReadonlyMap<string, Parsed>): bigint | Uint8Array {
    const { key } = this.table;
    if (key === null) return BigInt(this.asked);
    const value = key.member === null ? name : values.get(key.member);
    if (value instanceof Digits) return BigInt(value.text);
    return bytesOf(typeof value === 'string' ? value : '');
  }
}

/** Node ends a text at its first NUL and replaces bad bytes, so it is read as bytes. */
export function exactly(column: string): string {
  return `CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END`;
}

/** A number as it stands there. */
class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
type Parsed = null | boolean | string | Digits | readonly Parsed[] | { readonly [member: string]: Parsed };

function parsed(text: string): Parsed {
  return JSON.parse(text, (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new Digits(context?.source ?? '') : value,
  ) as Parsed;
}

function isValue(form: string, value: Parsed, type: string, cell: unknown, text: string): boolean {
  switch (form) {
    case 'boolean':
      return type === 'integer' && cell === (value === true ? 1n : 0n) && typeof value === 'boolean';
    case 'number':
      return value instanceof Digits && isNumber(value.text, type, cell);
    case 'digits':
      return value instanceof Digits && type === 'text' && isBytes(cell, Buffer.from(value.text));
    case 'text':
      return typeof value === 'string' && type === 'text' && isBytes(cell, bytesOf(value));
    default: {
      // To the letter, members of one name included, which no parser keeps apart.
      const found = type === 'text' ? Buffer.from(cell as Uint8Array).toString('utf8') : null;
      return found !== null && text.includes(found) && JSON.stringify(parsed(found)) === JSON.stringify(value);
    }
  }
}

function isNumber(text: string, type: string, cell: unknown): boolean {
  if (type === 'integer') return /^-?\d+$/.test(text) && BigInt(text) === cell;
  if (type !== 'real' || text.startsWith('-') !== isNegative(cell as number)) return false;
  const [a, aPower] = fraction(text);
  const [b, bPower] = fraction(String(cell));
  const least = Math.min(aPower, bPower);
  return a * 10n ** BigInt(aPower - least) === b * 10n ** BigInt(bPower - least);
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

/** A decimal as a whole number and a power of ten. */
function fraction(text: string): [number: bigint, power: number] {
  const [digits, exponent = '0'] = text.toLowerCase().split('e');
  const [whole, part = ''] = digits.split('.');
  return [BigInt(`${whole}${part}`), Number(exponent) - part.length];
}

function isBytes(cell: unknown, bytes: Uint8Array): boolean {
  return cell instanceof Uint8Array && Buffer.compare(cell, bytes) === 0;
}

function changed(name: string): CrossfadeError {
  return new CrossfadeError(
    'E_SOURCE_CHANGED',
    `${name} changed while it was read: a second reading found something else. Nothing was moved. Stop the writer, and run the same command again.`,
    { source: name },
  );
}

function unequal(name: string): CrossfadeError {
  return new CrossfadeError(
    'E_STAGING_FAILED',
    `The private copy of ${name} is not equal to it, although it did not change. Nothing was moved. Check the disk, and please report it with the command that you ran.`,
    { source: name },
  );
}
