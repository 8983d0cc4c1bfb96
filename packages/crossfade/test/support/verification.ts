/** Parts for the tests of verification; nothing here is used by the product. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { to } from 'pg-copy-streams';
import { type Row, type RowKey, Tag } from '../../src/core/cell.ts';
import type { Page } from '../../src/drivers/sqlite/page.ts';
import type { Rule } from '../../src/schema/model.ts';
import type { Target } from '../../src/pg/target.ts';
import { seedBytes } from '../../src/verify/mix.ts';
import {
  collectSource,
  collectTarget,
  copyOutStatement,
  differingBuckets,
  findDifferences,
  type Findings,
  type LeftOut,
  sumSource,
  sumTarget,
  type VerifyTable,
} from '../../src/verify/verify.ts';

/** A bigint is an integer, a number a real, a string or bytes text or a blob. `{ text }` is text that need not be UTF-8. */
export type Cell = null | bigint | number | string | Uint8Array | { readonly text: Uint8Array };

/** How SQLite spells a double. */
export function realText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0.0';
  const [digits, exponent] = String(value).split('e');
  const point = digits.includes('.') ? digits : `${digits}.0`;
  return exponent === undefined ? point : `${point}e${exponent}`;
}

function cellBytes(cell: Cell): [tag: number, bytes: Uint8Array] {
  if (cell === null) return [Tag.null, Buffer.alloc(0)];
  if (typeof cell === 'bigint') return [Tag.integer, Buffer.from(String(cell))];
  if (typeof cell === 'number') return [Tag.real, Buffer.from(realText(cell))];
  if (typeof cell === 'string') return [Tag.text, Buffer.from(cell)];
  return 'text' in cell ? [Tag.text, cell.text] : [Tag.blob, cell];
}

/** Rows as a driver hands them out: packed in one buffer a page, and the same row object for all of them. */
class PackedPage implements Page {
  readonly rows: number;
  readonly bytes: number;
  readonly clean = false;
  readonly last: RowKey;
  private readonly buffer: Buffer;
  private readonly cells: readonly (readonly [tag: number, start: number, end: number][])[];
  private readonly firstKey: bigint;

  constructor(rows: readonly (readonly Cell[])[], firstKey: bigint) {
    let at = 3;
    const pieces: Uint8Array[] = [Buffer.from('pad')];
    this.last = [firstKey + BigInt(rows.length - 1)];
    this.cells = rows.map((row) =>
      row.map((cell) => {
        const [tag, bytes] = cellBytes(cell);
        pieces.push(bytes);
        at += bytes.length;
        return [tag, at - bytes.length, at] as const;
      }),
    ) as (readonly [number, number, number][])[];
    this.buffer = Buffer.concat(pieces);
    this.rows = rows.length;
    this.bytes = at;
    this.firstKey = firstKey;
  }

  each(visit: (row: Row) => void): void {
    const width = this.cells[0]?.length ?? 0;
    const buffers = Array<Buffer>(width).fill(this.buffer);
    const row = {
      key: [0n] as bigint[],
      tags: new Uint8Array(width),
      buffers,
      starts: new Int32Array(width),
      ends: new Int32Array(width),
    };
    this.cells.forEach((cells, i) => {
      row.key = [this.firstKey + BigInt(i)];
      cells.forEach(([tag, start, end], column) => {
        row.tags[column] = tag;
        row.starts[column] = start;
        row.ends[column] = end;
      });
      visit(row);
    });
  }

  release(): void {
    this.buffer.fill(0);
  }
}

/** Rows with rowids from 1 on. */
export function pagesOf(rows: readonly (readonly Cell[])[], pageRows = 1000): Page[] {
  const pages: Page[] = [];
  for (let i = 0; i < rows.length; i += pageRows)
    pages.push(new PackedPage(rows.slice(i, i + pageRows), BigInt(i + 1)));
  return pages;
}

/** pg_type.oid by the names of types in SQL. */
export const oids = {
  boolean: 16,
  bytea: 17,
  bigint: 20,
  smallint: 21,
  integer: 23,
  text: 25,
  json: 114,
  real: 700,
  'double precision': 701,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const;
/** A type in SQL. */
export type TypeName = keyof typeof oids;

/** A table named t in the schema public; rules by column. */
export function tableOf(
  columns: Readonly<Record<string, TypeName>>,
  key: readonly string[],
  rules: Readonly<Record<string, readonly Rule[]>> = {},
): VerifyTable {
  const names = Object.keys(columns);
  return {
    source: 't',
    target: { schema: 'public', name: 't' },
    columns: names.map((name) => ({
      source: name,
      target: name,
      typeOid: oids[columns[name]],
      typeName: columns[name],
      rules: rules[name] ?? [],
    })),
    key: key.map((name) => names.indexOf(name)),
  };
}

/** What PostgreSQL sends for one statement. */
export async function* copyOut(target: Target, statement: string): AsyncIterable<Buffer> {
  const { host, port, user, database, password } = target;
  const client = new pg.Client({ host, port, user, database, password, ssl: false });
  await client.connect();
  try {
    yield* client.query(to(statement));
  } finally {
    await client.end();
  }
}

/** Small limits show what happens where memory is short. */
export interface CompareOptions {
  readonly limitRows?: number;
  readonly namedMax?: number;
  readonly leaveOut?: LeftOut;
}

/** The whole of verification: sums of both sides, and a second look where they differ. Fails if equal sums hide a difference in the rows' number. */
export async function compare(
  target: Target,
  rows: readonly (readonly Cell[])[],
  table: VerifyTable,
  options: CompareOptions = {},
): Promise<Findings> {
  const { limitRows = 10_000, namedMax = 100, leaveOut } = options;
  const seed = randomBytes(seedBytes);
  const pages = pagesOf(rows);
  const statement = copyOutStatement(table);
  const source = sumSource(pages, table, seed, leaveOut);
  const sent = await sumTarget(copyOut(target, statement), table, seed);
  if (differingBuckets(source, sent).length === 0 && source.rows !== sent.rows)
    throw new Error('The rows were not counted.');
  return findDifferences(table, source, sent, { limitRows, namedMax }, async (buckets, limit) => ({
    source: collectSource(pages, table, seed, buckets, limit, leaveOut),
    target: await collectTarget(copyOut(target, statement), table, seed, buckets, limit),
  }));
}
