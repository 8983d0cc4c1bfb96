import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyRange, KeyValue, RowKey } from '../../core/cell.ts';
import { beginLargeValue, endLargeValue } from '../../core/large-values.ts';
import { limits } from '../../core/limits.ts';
import type { SourceTable } from '../../schema/model.ts';
import { guarded } from './failure.ts';
import {
  inRange,
  inRangeBefore,
  isRow,
  type KeyCondition,
  keyList,
  type Locator,
  locatorOf,
  type SqliteValue,
} from './locator.ts';
import { largestRow } from './measure.ts';
import { name } from './names.ts';
import type { SourceFile } from './open.ts';
import { type KnownTags, packExpression, PackedPage } from './packed.ts';
import type { Page } from './page.ts';
import { plainColumns, PlainPage, plainRow, typedColumns, utf8Of } from './plain.ts';

/** A range with the keys of its rows that hold very large cells, from {@link TableReader.strides}. */
export interface ReadRange extends KeyRange {
  readonly large: readonly RowKey[];
}

/** How a file is read on this thread. */
export interface ReadOptions {
  readonly file: SourceFile;
  /** From `printsRealsExactly`; the same for all threads. */
  readonly exactReals: boolean;
  /** From `measureTable`, where somebody has asked already. */
  readonly largestRowBytes?: number | null;
  /** From somebody who has looked at every value of this very state of the file. */
  readonly known?: KnownTags | null;
}

/**
 * Reads the rows of one table in key order, page by page, within a transaction that the caller holds. Between two very
 * large rows it reads packed pages, and the large rows one by one, so that memory has a bound whatever the rows hold.
 */
export class TableReader {
  readonly locator: Locator;
  private readonly db: DatabaseSync;
  private readonly table: SourceTable;
  private readonly options: ReadOptions;
  private readonly statements = new Map<string, StatementSync>();
  private readonly columns: readonly string[];
  private readonly known: KnownTags;
  private readonly packed: string;
  private rowsPerPage = 100;
  private largestRowBytes: number | null;

  constructor(db: DatabaseSync, table: SourceTable, options: ReadOptions) {
    this.db = db;
    this.table = table;
    this.options = options;
    this.locator = locatorOf(table, options.file.encoding);
    this.columns = table.columns.map((column) => column.name);
    this.known = options.known ?? table.columns.map(() => null);
    this.packed = packExpression(this.locator, table.columns, this.known);
    this.largestRowBytes = options.largestRowBytes ?? null;
  }

  /** The pages of a range. A page is valid until the next is asked for. */
  *read(range: ReadRange): Generator<Page, void, void> {
    if (this.locator.kind === 'none') return yield* this.readUnordered();
    let { after } = range;
    for (const large of range.large) {
      yield* this.readPages(after, (from) => inRangeBefore(this.locator, from, large));
      yield* this.single(large);
      after = large;
    }
    yield* this.readPages(after, (from) => inRange(this.locator, { after: from, upTo: range.upTo }));
  }

  /** Single rows by key, each in a page of its own; a key without a row gives no page. */
  *rows(keys: Iterable<RowKey>): Generator<Page, void, void> {
    for (const key of keys) yield* this.single(key);
  }

  /** The range as it is where no row can be very large; else in strides. */
  ahead(range: KeyRange): Iterable<ReadRange> {
    return this.largeTest === '0' ? [{ ...range, large: [] }] : this.strides(range);
  }

  /**
   * Cuts a range into short ones whose very large rows are known. They must not be packed, nor must zeros whose sign
   * only the API tells. Looking ahead by short steps keeps the pages in SQLite's cache for the reading that follows.
   */
  *strides(range: KeyRange): Generator<ReadRange, void, void> {
    if (this.locator.kind === 'none') return yield { ...range, large: [] };
    let { after } = range;
    for (;;) {
      const found =
        this.locator.kind === 'rowid'
          ? this.rowidStride({ after, upTo: range.upTo })
          : this.keyStride({ after, upTo: range.upTo });
      if (found === null) return;
      yield { after, ...found };
      after = found.upTo;
    }
  }

  private rowidStride(range: KeyRange): { upTo: RowKey; large: RowKey[] } | null {
    const { where, values } = inRange(this.locator, range);
    const key = keyList(this.locator);
    const sql = `SELECT max(k), group_concat(CASE WHEN large THEN k END) FROM (SELECT ${key} AS k, ${this.largeTest} AS large FROM ${this.from} WHERE ${where} ORDER BY ${key} LIMIT ${limits.strideRows})`;
    const [upTo, large] = this.all(sql, values)[0] as [bigint | null, string | null];
    if (upTo === null) return null;
    return { upTo: [upTo], large: large === null ? [] : large.split(',').map((rowid) => [BigInt(rowid)]) };
  }

  private keyStride(range: KeyRange): { upTo: RowKey; large: RowKey[] } | null {
    if (this.locator.kind !== 'key') return null;
    const { columns } = this.locator;
    const { where, values } = inRange(this.locator, range);
    const most = this.isRowByRow ? 64 : limits.strideRows;
    const last = `SELECT ${keyList(this.locator)} FROM ${this.from} WHERE ${where} ORDER BY ${keyList(this.locator)} LIMIT ${most}`;
    const backwards = columns.map((column) => `${name(column)} DESC`).join(', ');
    const [found] = this.all(`SELECT ${typedColumns(columns)} FROM (${last}) ORDER BY ${backwards} LIMIT 1`, values);
    if (found === undefined) return null;
    const upTo = columns.map((_, i) =>
      this.keyOf(String(found[i * 2]), found[i * 2 + 1] as bigint | number | Uint8Array),
    );
    return { upTo, large: [] };
  }

  private keyOf(type: string, value: bigint | number | Uint8Array): KeyValue {
    if (!(value instanceof Uint8Array)) return value;
    return type === 'text' ? { text: utf8Of(value, this.options.file.encoding) } : { blob: value };
  }

  /** Keys of a WITHOUT ROWID table can be large themselves, so its large rows are not listed: all rows are read alone. */
  private get isRowByRow(): boolean {
    return this.locator.kind === 'key' && this.largeTest !== '0';
  }

  /** SQL that is true for a row which must be read alone. */
  private get largeTest(): string {
    // Only a column without affinity keeps -0.0; everywhere else SQLite has made an integer 0 of it.
    const untyped = this.table.columns.filter(({ declared }) => /^$|blob|^any$/i.test(declared));
    this.largestRowBytes ??= largestRow(this.db, this.table.name);
    const tests = [
      ...(this.largestRowBytes > limits.largeCellBytes
        ? this.columns.map((column) => `octet_length(${name(column)}) > ${limits.largeCellBytes}`)
        : []),
      ...untyped.map((column) => `(typeof(${name(column.name)}) = 'real' AND ${name(column.name)} = 0)`),
    ];
    return tests.length === 0 ? '0' : `((${balanced(tests, 'OR')}) IS TRUE)`;
  }

  /** Pages from `after` on, as long as the condition finds rows. */
  private *readPages(after: RowKey | null, rest: (from: RowKey | null) => KeyCondition): Generator<Page, void, void> {
    let from = after;
    for (;;) {
      const page = this.page(rest(from));
      if (page.rows === 0) return;
      yield page;
      this.rowsPerPage = rowsOfPage((limits.pageBytes * page.rows) / (page.bytes + 1));
      from = page.last;
      page.release();
    }
  }

  private page({ where, values }: KeyCondition): Page {
    // The number stands in the text: SQLite prepares a statement again whenever its LIMIT is bound.
    const tail = `FROM ${this.from} WHERE ${where} ORDER BY ${keyList(this.locator)} LIMIT ${this.isRowByRow ? 1 : this.rowsPerPage}`;
    if (!this.options.exactReals || this.options.file.encoding !== 'UTF-8' || this.isRowByRow) {
      return this.plain(this.all(`SELECT ${plainColumns(this.locator, this.columns)} ${tail}`, values));
    }
    const [packed, rows] = this.all(
      `SELECT CAST(group_concat(r, '') AS BLOB), count(*) FROM (SELECT ${this.packed} AS r ${tail})`,
      values,
    )[0] as [Uint8Array | null, bigint];
    return new PackedPage(packed ?? new Uint8Array(0), Number(rows), this.locator, this.known);
  }

  /** A row of its own page; one that is very large waits for its turn, until the caller asks for the next page. */
  private *single(key: RowKey): Generator<Page, void, void> {
    const { where, values } = isRow(this.locator, key);
    const sizes = this.columns.map((column) => `coalesce(octet_length(${name(column)}), 0)`);
    const [found] = this.all(`SELECT ${balanced(sizes, '+')} FROM ${this.from} WHERE ${where}`, values);
    if (found === undefined) return;
    const exclusive = Number(found[0]) > limits.exclusiveBytes;
    if (exclusive) beginLargeValue();
    let page: PlainPage | null = null;
    try {
      const sql = `SELECT ${plainColumns(this.locator, this.columns)} FROM ${this.from} WHERE ${where}`;
      page = this.plain(this.all(sql, values));
      yield page;
    } finally {
      page?.release();
      if (exclusive) endLargeValue();
    }
  }

  /** A table without any key: SQLite's own order, in which one transaction always reads it. */
  private *readUnordered(): Generator<Page, void, void> {
    const statement = this.prepare(`SELECT ${plainColumns(this.locator, this.columns)} FROM ${this.from} NOT INDEXED`);
    for (const row of guarded(this.options.file.path, () => statement.iterate()))
      yield this.plain([row as unknown as unknown[]]);
  }

  private plain(rows: readonly (readonly unknown[])[]): PlainPage {
    return new PlainPage(rows.map((row) => plainRow(row as never, this.locator, this.options.file.encoding)));
  }

  private all(sql: string, values: readonly SqliteValue[]): unknown[][] {
    return guarded(this.options.file.path, () => this.prepare(sql).all(...values)) as unknown as unknown[][];
  }

  private get from(): string {
    return `main.${name(this.table.name)}`;
  }

  private prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = guarded(this.options.file.path, () => this.db.prepare(sql));
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** How many rows make a page, with three significant bits, so that there are few statements to prepare. */
function rowsOfPage(wanted: number): number {
  const rows = Math.max(1, Math.min(limits.pageRowsMax, Math.floor(wanted)));
  const unit = 2 ** Math.max(0, Math.floor(Math.log2(rows)) - 2);
  return rows - (rows % unit);
}

/** Many terms as a tree: SQLite limits the depth of an expression to 1,000. */
function balanced(terms: readonly string[], operator: 'OR' | '+'): string {
  if (terms.length <= 8) return terms.join(` ${operator} `);
  const half = terms.length >> 1;
  return `(${balanced(terms.slice(0, half), operator)}) ${operator} (${balanced(terms.slice(half), operator)})`;
}
