import type pg from 'pg';
import { ident } from '../core/sql-text.ts';
import { countAltered, loadChunk, type LoadTable } from './load-chunk.ts';
import type { Page } from '../drivers/sqlite/page.ts';
import { TableReader } from '../drivers/sqlite/reader.ts';
import { query } from '../pg/connect.ts';
import { join, name, qualified, type Sql, sql, trusted } from '../pg/sql.ts';
import { rowKeyText } from '../verify/verify.ts';
import type { ListedRow } from './listed-rows.ts';
import type { Reject } from './rejects.ts';
import { type RetryTable, stagedTable } from './retry-tables.ts';
import type { OpenSource } from './source.ts';

/**
 * The listed rows of one table, converted as a move converts them, in a temporary table of the transaction: from there
 * they are compared with what stands in the target, and inserted. Its columns are c0, c1, ... and n, the row's number.
 */
export class Stage {
  readonly of: RetryTable;
  /** Rows that can be held and are neither inserted nor found to be there, by number. */
  readonly pending = new Map<number, ListedRow>();
  readonly inserted: ListedRow[] = [];
  present: readonly Reject[] = [];
  /** What stays in the list, with the reason of today. */
  readonly rest: Reject[] = [];
  /** The keys of those that are rows, which the target is not expected to have. */
  readonly leaveOut = new Set<string>();
  private readonly reader: TableReader;
  private readonly load: LoadTable;
  private readonly unreadable: ReadonlySet<string>;

  constructor(source: OpenSource, of: RetryTable, number: number) {
    this.of = of;
    // Single rows are read through the API in any case, which prints no reals.
    this.reader = new TableReader(source.reader, of.source, { file: source.file, exactReals: false });
    const unreadable = source.unreadable.filter(({ table }) => table === of.source.name);
    this.unreadable = new Set(unreadable.map(({ key }) => rowKeyText(key)));
    this.load = stagedTable(`crossfade_retry_${number}`, of);
  }

  /** The temporary table. */
  get place(): Sql {
    return qualified(this.load.schema, this.load.name);
  }

  /** Where rows stand in the target: those that were found there, and then those that were inserted. */
  get places(): Sql {
    return qualified(this.load.schema, `${this.load.name}_places`);
  }

  get target(): Sql {
    return qualified(this.of.table.target.schema, this.of.target);
  }

  /** The target's columns and those of the temporary table, in one order. */
  get written(): { readonly target: Sql; readonly staged: Sql } {
    const { columns } = this.load;
    return {
      target: join(columns.map(({ position }) => name(this.of.columns[position].target))),
      staged: join(columns.map((column) => name(column.name))),
    };
  }

  /** The columns of the key on both sides; empty where rows of the target cannot be told apart by a key. */
  get key(): { readonly target: Sql; readonly staged: Sql }[] {
    const parts = this.of.table.key.map((position) => this.load.columns.find((column) => column.position === position));
    if (parts.some((part) => part === undefined || part.type === 'json')) return [];
    return parts.flatMap((part) =>
      part === undefined
        ? []
        : [{ target: sql`t.${name(this.of.columns[part.position].target)}`, staged: sql`s.${name(part.name)}` }],
    );
  }

  /** Reads the rows from the source and converts them; those that cannot be held, or are gone, stay in the list. */
  async fill(client: pg.Client): Promise<void> {
    const columns = this.load.columns.map((column) => `${ident(column.name)} ${column.type}`);
    await query(
      client,
      sql`CREATE TEMPORARY TABLE ${name(this.load.name)} (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY${trusted(columns.map((column) => `, ${column}`).join(''))}) ON COMMIT DROP;
        CREATE TEMPORARY TABLE ${name(`${this.load.name}_places`)} (n bigint, part oid, place tid) ON COMMIT DROP;
        CREATE INDEX ON ${this.places} (n)`,
      'make a temporary table for the listed rows',
    );
    const seen: ListedRow[] = [];
    const rows = this.of.rejects.filter(({ isRow }) => isRow);
    const loaded = await loadChunk(client, this.load, this.read(rows, seen));
    const found = new Set(seen.map(({ key }) => rowKeyText(key)));
    for (const row of this.of.rejects)
      if (!row.isRow || !found.has(rowKeyText(row.key))) this.keep(row, this.whyAbsent(row));
    const withheld = new Map(loaded.withheld.map((row) => [rowKeyText(row.key), row]));
    let n = 0;
    for (const row of seen) {
      const why = withheld.get(rowKeyText(row.key));
      if (why === undefined) this.pending.set(++n, row);
      else this.keep(row, { column: why.column, code: why.code });
    }
  }

  /** A document that cannot be read yet is no row, and is there all the same. */
  private whyAbsent(row: ListedRow): Pick<Reject, 'column' | 'code'> {
    const isDocument = !row.isRow && this.unreadable.has(rowKeyText(row.key));
    return isDocument ? { column: row.column, code: 'E_DOCUMENT_UNREADABLE' } : { column: null, code: 'E_ROW_GONE' };
  }

  /** A row stays in the list. */
  keep({ table, key, isRow }: ListedRow, why: Pick<Reject, 'column' | 'code' | 'constraint'>): void {
    this.rest.push({ table, key, ...why });
    if (isRow) this.leaveOut.add(rowKeyText(key));
  }

  /** These rows stand in the target now. */
  markInserted(numbers: readonly number[]): void {
    for (const n of numbers) {
      this.inserted.push(this.pending.get(n) as ListedRow);
      this.pending.delete(n);
    }
  }

  /** Takes rows out of the temporary table that need not, or must not, be inserted. */
  async drop(client: pg.Client, numbers: readonly number[]): Promise<void> {
    for (const n of numbers) this.pending.delete(n);
    await query(
      client,
      sql`DELETE FROM ${this.place} WHERE n = ANY (${numbers.map(String)}::bigint[])`,
      'take a row out of the temporary table',
    );
  }

  /** The rows as the source has them, one a page. */
  *read(rows: Iterable<ListedRow>, seen?: ListedRow[]): Generator<Page, void, void> {
    for (const row of rows) {
      for (const page of this.reader.rows([row.key])) {
        // Under NOCASE, or with 1 for 1.0, SQLite finds a row whose key is not quite this one.
        if (rowKeyText(page.last) !== rowKeyText(row.key)) continue;
        seen?.push(row);
        yield page;
      }
    }
  }

  /**
   * Whether the target tells these rows apart by a key: it has one, and no row has NULL in it. SQLite lets a primary key
   * hold NULL, and then it names nothing.
   */
  async hasKeys(client: pg.Client): Promise<boolean> {
    if (this.key.length === 0) return false;
    const empty = join(
      this.key.map(({ staged }) => sql`${staged} IS NULL`),
      ' or ',
    );
    const { rows } = await query(
      client,
      sql`SELECT 1 AS one FROM ${this.place} s WHERE ${empty} LIMIT 1`,
      'look at the keys',
    );
    return rows.length === 0;
  }

  /** The target holds all of these rows already, as its comparison with the whole source has shown. */
  async takeAsPresent(client: pg.Client): Promise<void> {
    this.present = [...this.pending.values()];
    await this.drop(client, [...this.pending.keys()]);
  }

  /** How many values of the inserted rows rules have changed. */
  get altered(): number {
    return countAltered(this.load, this.read(this.inserted));
  }
}
