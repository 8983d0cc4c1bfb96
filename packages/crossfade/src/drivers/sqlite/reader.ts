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
import { name } from './names.ts';
import type { SourceFile } from './open.ts';
import { packExpression, PackedPage } from './packed.ts';
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
  private rowsPerPage = 100;
  private mayBeLarge: boolean | null = null;

  constructor(db: DatabaseSync, table: SourceTable, options: ReadOptions) {
    this.db = db;
    this.table = table;
    this.options = options;
    this.locator = locatorOf(table, options.file.encoding);
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
    this.mayBeLarge ??= largestRow(this.db, this.table.name) > limits.largeCellBytes;
    const tests = [
      ...(this.mayBeLarge
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
      const { page, last } = this.page(rest(from));
      if (page.rows === 0) return;
      yield page;
      this.rowsPerPage = Math.max(
        1,
        Math.min(limits.pageRowsMax, Math.floor((limits.pageBytes * page.rows) / (page.bytes + 1))),
      );
      from = last();
    }
  }

  private page({ where, values }: KeyCondition): { page: Page; last: () => RowKey } {
    const tail = `FROM ${this.from} WHERE ${where} ORDER BY ${keyList(this.locator)} LIMIT ?`;
    const bound = [...values, this.isRowByRow ? 1 : this.rowsPerPage];
    if (!this.options.exactReals || this.options.file.encoding !== 'UTF-8' || this.isRowByRow) {
      const page = this.plain(this.all(`SELECT ${plainColumns(this.locator, this.columns)} ${tail}`, bound));
      return { page, last: () => lastKey(page) };
    }
    const rowid = this.locator.kind === 'rowid' ? name(this.locator.column) : '0';
    const [packed, rows, rowidMax] = this.all(
      `SELECT CAST(group_concat(r, '') AS BLOB), count(*), max(k) FROM (SELECT ${rowid} AS k, ${packExpression(this.locator, this.columns)} AS r ${tail})`,
      bound,
    )[0] as [Uint8Array | null, bigint, bigint];
    const page = new PackedPage(packed ?? new Uint8Array(0), Number(rows), this.locator, this.columns.length);
    return { page, last: () => (this.locator.kind === 'rowid' ? [rowidMax] : lastKey(page)) };
  }

  /** A row of its own page; one that is very large waits for its turn, until the caller asks for the next page. */
  private *single(key: RowKey): Generator<Page, void, void> {
    const { where, values } = isRow(this.locator, key);
    const sizes = this.columns.map((column) => `coalesce(octet_length(${name(column)}), 0)`);
    const [[bytes]] = this.all(`SELECT ${balanced(sizes, '+')} FROM ${this.from} WHERE ${where}`, values) as [bigint][];
    const exclusive = Number(bytes) > limits.exclusiveBytes;
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

  private get columns(): string[] {
    return this.table.columns.map((column) => column.name);
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

/**
 * The bytes of the largest row, from the b-tree's own headers: a quarter of the time that asking every cell takes.
 * Infinity where SQLite was built without dbstat. sqlite.org/dbstat.html
 */
function largestRow(db: DatabaseSync, table: string): number {
  try {
    const found = db.prepare('SELECT mx_payload AS bytes FROM dbstat WHERE name = ? AND aggregate = TRUE').get(table);
    return Number(found?.bytes ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Many terms as a tree: SQLite limits the depth of an expression to 1,000. */
function balanced(terms: readonly string[], operator: 'OR' | '+'): string {
  if (terms.length <= 8) return terms.join(` ${operator} `);
  const half = terms.length >> 1;
  return `(${balanced(terms.slice(0, half), operator)}) ${operator} (${balanced(terms.slice(half), operator)})`;
}

function lastKey(page: Page): RowKey {
  let seen = 0;
  let last: RowKey = [];
  page.each((row) => {
    if (++seen === page.rows) last = row.key;
  });
  return last;
}
