import type { StatementSync } from 'node:sqlite';
import type { Collection, FieldType, Key, Row } from '../../../schema/collection.ts';
import type { DriverScan } from '../../../store/contract.ts';
import { name as quotedName } from '../names.ts';
import { run, runSilently } from '../run.ts';
import type { Found } from '../../../store/live/damaged.ts';
import { type Cell, cellOf } from './cells.ts';
import type { Connection } from './connection.ts';
import { RowReader, type Select } from './row-reader.ts';
import { type KeyBounds, keylessWithin, withinBounds } from './range-query.ts';
import { operand, scanQuery } from './scan-query.ts';

/** What the catalog says of a table that a collection does not. */
export interface FoundTable {
  /** How it calls its rowid, or null where it has none. */
  readonly rowid: string | null;
  /** The fields of the key whose columns may be NULL: SQLite lets a PRIMARY KEY be. */
  readonly nullableKey: readonly string[];
}

interface Column {
  readonly field: string;
  readonly type: FieldType;
}

/** The statements of one collection, made once from the schema. All of them are steps of whoever calls. */
export class Table {
  readonly name: string;
  readonly shape: Collection;
  private readonly connection: Connection;
  private readonly reader: RowReader;
  private readonly catalog: FoundTable;
  private readonly quoted: string;
  private readonly columns: readonly Column[];
  /** `"a" = ? AND "b" = ?` */
  private readonly ofKey: string;
  private readonly readSql: Select;
  private readonly insertSql: string;
  private readonly putSql: string;

  constructor(connection: Connection, name: string, shape: Collection, catalog: FoundTable) {
    this.connection = connection;
    this.name = name;
    this.shape = shape;
    this.catalog = catalog;
    this.quoted = quotedName(name);
    this.columns = Object.entries(shape.fields).map(([field, { type }]) => ({ field, type }));
    this.reader = new RowReader(connection, name, shape, catalog.rowid);
    this.ofKey = shape.key.map((field) => `${quotedName(field)} = ?`).join(' AND ');
    this.readSql = this.reader.select(`FROM ${this.quoted} WHERE ${this.ofKey}`);
    const fields = this.columns.map(({ field }) => field);
    const columns = fields.map(quotedName);
    this.insertSql = `INSERT INTO ${this.quoted} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    const others = fields.filter((field) => !shape.key.includes(field)).map(quotedName);
    const replaced = others.map((column) => `${column} = excluded.${column}`).join(', ');
    // Not REPLACE, which deletes the record first, and what refers to it with it.
    this.putSql = `${this.insertSql} ON CONFLICT (${shape.key.map(quotedName).join(', ')}) DO ${
      others.length > 0 ? `UPDATE SET ${replaced}` : 'NOTHING'
    }`;
  }

  /** The same table through another connection. */
  on(connection: Connection): Table {
    return new Table(connection, this.name, this.shape, this.catalog);
  }

  /** @throws CrossfadeError E_RECORD_DAMAGED */
  read(key: Key): Row | null {
    return this.reader.rows(this.readSql, this.cells(this.shape.key, key))[0] ?? null;
  }

  /** @throws CrossfadeError E_RECORD_DAMAGED */
  scan(scan: DriverScan): readonly Row[] {
    const { parts, order, values } = scanQuery(this.quoted, this.shape, scan);
    return this.reader.rows(this.reader.union(parts, order), [...values, scan.limit]);
  }

  /** The records that have these values in the fields. @throws CrossfadeError E_RECORD_DAMAGED */
  withValues(fields: readonly string[], values: Key): readonly Row[] {
    const where = fields.map((field) => `${operand(this.shape, field)} = ?`).join(' AND ');
    return this.found(where, this.cells(fields, values)).map(({ row }) => row());
  }

  /** @throws CrossfadeError E_RECORD_DAMAGED where a row without a key lies within the bounds */
  refuseKeyless(bounds: KeyBounds): void {
    const keyless = keylessWithin(this.shape, this.catalog.nullableKey, bounds);
    // Whoever reads such a row finds the damage, and names it.
    if (keyless !== null) this.found(`${keyless.text} LIMIT 1`, keyless.values).forEach(({ row }) => row());
  }

  /** The records within the bounds in the order of the key. @throws CrossfadeError E_RECORD_DAMAGED */
  range(bounds: KeyBounds, limit: number): readonly Row[] {
    return this.foundIn(bounds, limit).map(({ row }) => row());
  }

  /** The same, each of which is read when it is asked for; rows without a key are found first, beside the limit. */
  foundIn(bounds: KeyBounds, limit: number): readonly Found[] {
    const keyless = keylessWithin(this.shape, this.catalog.nullableKey, bounds);
    const unnamed = keyless === null ? [] : this.found(keyless.text, keyless.values);
    const { text, values } = withinBounds(this.shape, bounds);
    const order = this.shape.key.map((field) => operand(this.shape, field)).join(', ');
    return [...unnamed, ...this.found(`${text} ORDER BY ${order} LIMIT ?`, [...values, limit])];
  }

  /** Removes every record within the bounds; returns how many there were. */
  removeRange(bounds: KeyBounds): number {
    const { text, values } = withinBounds(this.shape, bounds);
    return run(this.statement(`DELETE FROM ${this.quoted} WHERE ${text}`), ...values);
  }

  has(key: Key): boolean {
    return (
      this.statement(`SELECT 1 FROM ${this.quoted} WHERE ${this.ofKey}`).get(...this.cells(this.shape.key, key)) !==
      undefined
    );
  }

  /** Every column of a record as the file has it, also those that the schema does not know; undefined where it is not there. */
  stored(key: Key): unknown {
    const statement = this.statement(`SELECT * FROM ${this.quoted} WHERE ${this.ofKey}`);
    statement.setReadBigInts(true);
    return statement.get(...this.cells(this.shape.key, key));
  }

  insert(row: Row): void {
    runSilently(this.statement(this.insertSql), ...this.cellsOf(row));
  }

  put(row: Row): void {
    runSilently(this.statement(this.putSql), ...this.cellsOf(row));
  }

  /** Whether there was such a record. */
  patch(key: Key, set: Row): boolean {
    const fields = Object.keys(set);
    if (fields.length === 0) return this.has(key);
    const assigned = fields.map((field) => `${quotedName(field)} = ?`).join(', ');
    const cells = fields.map((field) => cellOf(this.shape.fields[field].type, set[field]));
    const statement = this.statement(`UPDATE ${this.quoted} SET ${assigned} WHERE ${this.ofKey}`);
    return run(statement, ...cells, ...this.cells(this.shape.key, key)) > 0;
  }

  /** Whether there was such a record. */
  remove(key: Key): boolean {
    const statement = this.statement(`DELETE FROM ${this.quoted} WHERE ${this.ofKey}`);
    return run(statement, ...this.cells(this.shape.key, key)) > 0;
  }

  private found(where: string, values: readonly Cell[]): Found[] {
    return this.reader.found(this.reader.select(`FROM ${this.quoted} WHERE ${where}`), values);
  }

  private statement(sql: string): StatementSync {
    return this.connection.prepared(sql);
  }

  private cells(fields: readonly string[], values: Key): Cell[] {
    return fields.map((field, i) => cellOf(this.shape.fields[field].type, values[i]));
  }

  private cellsOf(row: Row): Cell[] {
    return this.columns.map(({ field, type }) => cellOf(type, row[field]));
  }
}
