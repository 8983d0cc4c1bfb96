import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Random, seeded } from '../../../test/fixtures/random.ts';
import { type KeyRange, type RowKey, Tag } from '../../core/cell.ts';
import { limits } from '../../core/limits.ts';
import type { SourceTable } from '../../schema/model.ts';
import { readCatalog } from './catalog.ts';
import { printsRealsExactly } from './exact-reals.ts';
import { isRow } from './locator.ts';
import type { SourceFile } from './open.ts';
import type { KnownTags } from './packed.ts';
import { TableReader } from './reader.ts';
import { run } from './run.ts';

type Encoding = SourceFile['encoding'];
type Cell = null | bigint | number | { readonly text: Buffer } | { readonly blob: Buffer };
type Form = 'rowid' | 'alias' | 'key' | 'none' | 'wide' | 'numbers' | 'wideNumbers';

/** What a reader said of one row; cells as Latin-1, one character a byte, which compares faster than buffers. */
interface Read {
  readonly key: RowKey;
  readonly tags: readonly number[];
  readonly cells: readonly string[];
}

const badUtf8 = [[0xff], [0xc3], [0xed, 0xa0, 0xbd], [0x61, 0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]];
const integers = [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const reals = [0, -0, 1, 0.1 + 0.2, 1e300, 5e-324, Infinity, -Infinity, 2 ** 60, 1e15, 1e16, -1.5e-7];
const texts = ['', '0', ':', 'null0:', 'text3:', "a'b", 'a\0b', '\0', 'ä€😀', '\n', '12', '-0.0', '\ufeff'];

function bytesOf(text: string, encoding: Encoding): Buffer {
  if (encoding === 'UTF-8') return Buffer.from(text);
  const little = Buffer.from(text, 'utf16le');
  return encoding === 'UTF-16le' ? little : little.swap16();
}

function randomCell({ below, next, pick }: Random, encoding: Encoding): Cell {
  const long = (bytes: number) => bytesOf('é:'.repeat(bytes / 3), encoding);
  const makers: (() => Cell)[] = [
    () => null,
    () => pick(integers),
    () => BigInt(below(2 ** 32)) - 2n ** 31n,
    () => pick(reals),
    () => (next() - 0.5) * 10 ** (below(60) - 30),
    () => ({ text: bytesOf(pick(texts) + below(1000), encoding) }),
    () => ({ text: bytesOf(pick(texts), encoding) }),
    () => (encoding === 'UTF-8' ? { text: Buffer.from(pick(badUtf8)) } : null),
    () => ({ blob: Buffer.from(Array.from({ length: below(6) }, () => below(256))) }),
    () => ({ blob: Buffer.alloc(0) }),
  ];
  if (below(150) > 0) return pick(makers)();
  const bytes = limits.largeCellBytes - 20 + below(30_000);
  return below(2) === 0 ? { text: long(bytes) } : { blob: Buffer.alloc(bytes, 0x3a) };
}

/** The first column numbers the rows, so that each is known again. */
const forms: Readonly<Record<Form, (columns: string) => string>> = {
  rowid: (columns) => `CREATE TABLE t (n, ${columns})`,
  alias: (columns) => `CREATE TABLE t (n, rowid, oid, id INTEGER PRIMARY KEY, ${columns})`,
  key: (columns) => `CREATE TABLE t (n, ${columns}, PRIMARY KEY (c1, c0)) WITHOUT ROWID`,
  none: (columns) => `CREATE TABLE t (n, rowid, oid, _rowid_, ${columns})`,
  wide: (columns) => `CREATE TABLE t (n, ${columns})`,
  // Declared like numbers, of BLOB affinity: they hold whatever they are given.
  wideNumbers: (columns) => `CREATE TABLE t (n, ${columns.replaceAll(/c\d+/g, '$& "decimal blob"')})`,
  numbers: (columns) => `CREATE TABLE t (n, ${columns.replaceAll(/c\d+/g, '$& "decimal blob" COLLATE NOCASE')})`,
};

/** Older SQLite takes a bound blob for UTF-8, whatever the encoding of the file is. */
const textOfBytes = "CAST(coalesce(substr(?, 1), '') AS TEXT)";

interface Filled {
  readonly db: DatabaseSync;
  readonly table: SourceTable;
  readonly encoding: Encoding;
  /** By their number; rows that SQLite refused as duplicates are not in it. */
  readonly written: ReadonlyMap<bigint, readonly Cell[]>;
}

function fill(form: Form, rows: number, encoding: Encoding, seed: number): Filled {
  const random = seeded(seed);
  const db = new DatabaseSync(':memory:');
  db.exec(`PRAGMA encoding = '${encoding}'`);
  const columns = Array.from({ length: form.startsWith('wide') ? 140 : 3 }, (_, i) => `c${i}`);
  db.exec(forms[form](columns.join(', ')));
  const named = form === 'alias' ? ['id'] : form === 'rowid' ? ['rowid'] : [];
  const written = new Map<bigint, readonly Cell[]>();
  for (let n = 0n; n < rows; n++) {
    const cells = columns.map(() => randomCell(random, encoding));
    // Sparse, negative, and from one end of 64 bits to the other.
    const rowid = random.below(20) === 0 ? random.pick(integers) : BigInt(random.below(4e9) - 2e9) * 4_294_967_291n;
    const all: Cell[] = [n, ...named.map(() => rowid), ...cells];
    const marks = all.map((cell) => (cell !== null && typeof cell === 'object' && 'text' in cell ? textOfBytes : '?'));
    const sql = `INSERT OR IGNORE INTO t (${['n', ...named, ...columns].join(', ')}) VALUES (${marks.join(', ')})`;
    const bound = all.map((cell) =>
      cell === null || typeof cell !== 'object' ? cell : 'text' in cell ? cell.text : cell.blob,
    );
    if (run(db.prepare(sql), ...bound) === 1) written.set(n, cells);
  }
  return { db, table: readCatalog(':memory:', db).tables[0], encoding, written };
}

function readerOf({ db, table, encoding }: Filled, exactReals: boolean, known: KnownTags | null = null): TableReader {
  const file: SourceFile = { path: ':memory:', encoding, walMode: false, hasWal: false, bytes: 1 };
  return new TableReader(db, table, { file, exactReals, known });
}

function readRange(reader: TableReader, range: KeyRange): Read[] {
  const rows: Read[] = [];
  let after = range.after;
  for (const stride of reader.strides(range)) {
    expect(stride.after).toEqual(after);
    after = stride.upTo;
    for (const page of reader.read(stride)) {
      let seen = 0;
      page.each(({ key, tags, buffers, starts, ends }) => {
        seen++;
        rows.push({
          key,
          tags: [...tags],
          cells: buffers.map((buffer, i) => buffer.toString('latin1', starts[i], ends[i])),
        });
      });
      expect(seen).toBe(page.rows);
    }
  }
  return rows;
}

/** What a move asks of the SQLite at hand. Where the answer is no it takes the plain way throughout, and so do these tests. */
const exactReals = ask(printsRealsExactly);

function ask<T>(question: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(':memory:');
  try {
    return question(db);
  } finally {
    db.close();
  }
}

const whole: KeyRange = { after: null, upTo: null };
const numberOf = (row: Read): bigint => BigInt(row.cells[0]);

/** SQLite writes some reals with 17 digits where the plain way writes the shortest; they are the same double. */
function withoutSpelling({ key, tags, cells }: Read): unknown {
  return { key, tags, cells: cells.map((cell, i) => (tags[i] === Tag.real ? doubleOf(cell) : cell)) };
}

const doubleOf = (text: string): number => Number(text.replace('Inf', 'Infinity'));

/** Compares a cell with what was written, by rules of this file's own. */
function isCell(cell: Cell, tag: number, bytes: string, encoding: Encoding): boolean {
  if (cell === null) return tag === Tag.null && bytes.length === 0;
  if (typeof cell === 'bigint') return tag === Tag.integer && bytes === String(cell);
  if (typeof cell === 'number') return tag === Tag.real && Object.is(doubleOf(bytes), cell);
  if ('blob' in cell) return tag === Tag.blob && bytes === cell.blob.toString('latin1');
  const little = encoding === 'UTF-16be' ? Buffer.from(cell.text).swap16() : cell.text;
  const text = encoding === 'UTF-8' ? cell.text : Buffer.from(little.toString('utf16le'));
  return tag === Tag.text && bytes === text.toString('latin1');
}

/** Every promise of the reader about one table. */
function checkReading(source: Filled, random: Random): void {
  const { db, table, encoding, written } = source;
  const packed = readRange(readerOf(source, exactReals), whole);
  const plainReader = readerOf(source, false);
  const plain = readRange(plainReader, whole);
  expect(packed.map(withoutSpelling)).toEqual(plain.map(withoutSpelling));

  const { locator } = plainReader;
  const order = locator.kind === 'rowid' ? [locator.column] : locator.kind === 'key' ? locator.columns : ['n'];
  const inOrder = db
    .prepare(`SELECT n FROM t ORDER BY ${order.join(', ')}`)
    .all()
    .map((row) => BigInt(Number(row.n)));
  expect(packed.map(numberOf)).toEqual(inOrder);
  expect(inOrder).toHaveLength(written.size);

  const first = table.columns.findIndex(({ name }) => name === 'c0');
  const wrong = packed.filter((row) =>
    written.get(numberOf(row))?.some((cell, i) => !isCell(cell, row.tags[first + i], row.cells[first + i], encoding)),
  );
  expect(wrong).toEqual([]);
  if (locator.kind === 'none' || packed.length === 0) return;

  for (const row of packed) {
    const { where, values } = isRow(locator, row.key);
    expect(db.prepare(`SELECT n FROM t WHERE ${where}`).all(...values)).toEqual([{ n: Number(numberOf(row)) }]);
  }
  const cuts = [random.below(packed.length), random.below(packed.length)]
    .sort((a, b) => a - b)
    .map((at) => packed[at].key);
  const ranges = [null, ...cuts].map((after, i): KeyRange => ({ after, upTo: cuts[i] ?? null }));
  expect(ranges.flatMap((range) => readRange(readerOf(source, exactReals), range))).toEqual(packed);
}

const shapes: [form: Form, encoding: Encoding, rowsMax: number, runs: number][] = [
  ['rowid', 'UTF-8', 400, 12],
  ['alias', 'UTF-8', 300, 8],
  ['key', 'UTF-8', 300, 5],
  ['key', 'UTF-16le', 400, 6],
  ['key', 'UTF-16be', 400, 6],
  ['none', 'UTF-8', 200, 6],
  ['wide', 'UTF-8', 30, 6],
  ['rowid', 'UTF-16le', 300, 6],
  ['numbers', 'UTF-8', 400, 8],
  ['wideNumbers', 'UTF-8', 30, 6],
];

test.each(shapes)(
  '%s, %s: both ways give what was written, each row once, under its key',
  (form, encoding, rowsMax, numRuns) => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: rowsMax }), (seed, rows) => {
        const source = fill(form, rows, encoding, seed);
        try {
          checkReading(source, seeded(seed + 1));
        } finally {
          source.db.close();
        }
      }),
      {
        numRuns,
        seed: 1,
        examples: [
          [1, 0],
          [2, 1],
          [3, rowsMax],
        ],
      },
    );
  },
);

test.each(['rowid', 'key', 'numbers'] as const)(
  '%s: rows are the same to a reader that knows the storage classes',
  (form) => {
    const random = seeded(7);
    const empty = fill(form, 0, 'UTF-8', 1);
    empty.db.exec('ALTER TABLE t ADD COLUMN c3');
    const source = { ...empty, table: readCatalog(':memory:', empty.db).tables[0] };
    const row = source.db.prepare('INSERT OR IGNORE INTO t (n, c0, c1, c2, c3) VALUES (?, ?, ?, CAST(? AS TEXT), ?)');
    const orNull = <T>(value: T): T | null => (random.below(4) === 0 ? null : value);
    for (let n = 0n; n < 500n; n++) {
      const text =
        random.below(3) === 0 ? Buffer.from(random.pick(badUtf8)) : Buffer.from(random.pick([';', ...texts]));
      // The key of the table WITHOUT ROWID holds no NULL.
      row.run(n, n * 7n, random.pick(reals.filter((real) => real !== 0)) + Number(n), orNull(text), orNull(text));
    }
    const plain = readRange(readerOf(source, false), whole).map(withoutSpelling);
    expect(plain).toHaveLength(500);
    const all = [Tag.integer, Tag.integer, Tag.real, Tag.text, Tag.blob];
    // Every mixture of columns that are known and columns that are not.
    for (let mask = 0; mask < 2 ** all.length; mask++) {
      const known = all.map((tag, i) => ((mask >> i) & 1 ? tag : null));
      expect(readRange(readerOf(source, exactReals, known), whole).map(withoutSpelling)).toEqual(plain);
    }
    source.db.close();
  },
);

test('a reader that has been told a wrong storage class stops, or asks SQLite all the same', () => {
  const source = fill('rowid', 0, 'UTF-8', 1);
  source.db.exec(`INSERT INTO t (n, c0) VALUES (1, 'text')`);
  const read = () => readRange(readerOf(source, exactReals, [Tag.integer, Tag.integer, Tag.text, Tag.text]), whole);
  if (exactReals) expect(read).toThrow(/misread/);
  else
    expect(read()).toMatchObject([{ tags: [Tag.integer, Tag.text, Tag.null, Tag.null], cells: ['1', 'text', '', ''] }]);
  source.db.close();
});

/** A table of several strides, with a very large row at every bound of a stride. */
function longTable(form: 'rowid' | 'key'): Filled {
  const db = new DatabaseSync(':memory:');
  const rows = limits.strideRows * 2 + 3;
  db.exec(
    form === 'rowid' ? 'CREATE TABLE t (n, c0)' : 'CREATE TABLE t (n TEXT, c0, PRIMARY KEY (n, c0)) WITHOUT ROWID',
  );
  db.exec(`WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < ${rows})
    INSERT INTO t SELECT i, CASE i % ${limits.strideRows} IN (0, 1) WHEN 1 THEN zeroblob(${limits.largeCellBytes + 1}) ELSE i / 4.0 END FROM i`);
  return { db, table: readCatalog(':memory:', db).tables[0], encoding: 'UTF-8', written: new Map() };
}

test.each(['rowid', 'key'] as const)('%s: strides follow one another without gap or overlap', (form) => {
  const source = longTable(form);
  const strides = [...readerOf(source, exactReals).strides(whole)];
  expect(strides.length).toBeGreaterThan(2);
  expect(strides.flatMap(({ large }) => large)).toHaveLength(form === 'rowid' ? 5 : 0);
  const rows = readRange(readerOf(source, exactReals), whole);
  expect(new Set(rows.map(numberOf)).size).toBe(rows.length);
  expect(rows).toHaveLength(limits.strideRows * 2 + 3);
  expect(rows.map(withoutSpelling)).toEqual(readRange(readerOf(source, false), whole).map(withoutSpelling));
  source.db.close();
});

test('half a surrogate pair becomes bytes that are not UTF-8', () => {
  for (const encoding of ['UTF-16le', 'UTF-16be'] as const) {
    const source = fill('rowid', 0, encoding, 1);
    source.db.prepare(`INSERT INTO t (n, c0) VALUES (1, ${textOfBytes})`).run(bytesOf('a\ud83dz', encoding));
    const [row] = readRange(readerOf(source, exactReals), whole);
    expect(row.cells[1]).toBe('a\xed\xa0\xbdz');
    source.db.close();
  }
});

test.each(['UTF-8', 'UTF-16le', 'UTF-16be'] as const)(
  '%s, WITHOUT ROWID: keys without a byte are keys, also when they come from another thread',
  (encoding) => {
    const source = fill('key', 0, encoding, 1);
    const row = source.db.prepare('INSERT INTO t (n, c1, c0) VALUES (?, ?, ?)');
    // In the order of the key: an empty text begins the texts, an empty blob the blobs.
    const keys = ['', 'a', Buffer.alloc(0), Buffer.from('a')];
    const pairs = keys.flatMap((c1) => keys.map((c0) => [c1, c0] as const));
    for (const [n, [c1, c0]] of pairs.entries()) row.run(BigInt(n), c1, c0);
    const reader = readerOf(source, exactReals);
    const all = readRange(reader, whole);
    expect(all.map(numberOf)).toEqual(pairs.map((_, n) => BigInt(n)));
    for (const [n, { key }] of all.entries()) {
      expect(readRange(reader, structuredClone({ after: key, upTo: null }))).toEqual(all.slice(n + 1));
      expect(readRange(reader, structuredClone({ after: null, upTo: key }))).toEqual(all.slice(0, n + 1));
      expect([...reader.rows(structuredClone([key]))].map(({ rows }) => rows)).toEqual([1]);
    }
    source.db.close();
  },
);

test('UTF-16, WITHOUT ROWID, a key of text: every row is read once', () => {
  const source = fill('key', 0, 'UTF-16le', 1);
  try {
    const row = source.db.prepare('INSERT INTO t (n, c0, c1) VALUES (?, ?, ?)');
    for (let n = 0n; n < 300n; n++) row.run(n, 'c', `k${1000n + n}`);
    const reader = readerOf(source, exactReals);
    let rows = 0;
    for (const stride of reader.strides(whole)) {
      for (const page of reader.read(stride)) {
        rows += page.rows;
        if (rows > 300) throw new Error('rows are read again and again');
      }
    }
    expect(rows).toBe(300);
  } finally {
    source.db.close();
  }
});
