import { isUtf8 } from 'node:buffer';
import type { StatementSync } from 'node:sqlite';
import { CrossfadeError } from '../../../core/errors.ts';
import { keyFact } from '../../../core/key-text.ts';
import {
  blankRow,
  type Collection,
  type FieldType,
  type Key,
  type Row,
  type Value,
} from '../../../schema/collection.ts';
import { name } from '../names.ts';
import type { Found } from '../../../store/live/damaged.ts';
import { type Cell, columnTypes, valueOf } from './cells.ts';
import type { Connection } from './connection.ts';

interface Column {
  readonly field: string;
  readonly type: FieldType;
  readonly nullable: boolean;
}

/** A select in SQL, with text as it is and with text as bytes. */
export interface Select {
  readonly text: string;
  readonly bytes: string;
}

/** Reads cells and proves that they are what the schema says. Nothing is converted in silence. */
export class RowReader {
  private readonly connection: Connection;
  private readonly collection: string;
  private readonly columns: readonly Column[];
  /** The columns of the key, and their places. */
  private readonly key: readonly (readonly [Column, number])[];
  private readonly blank: Row;
  private readonly hasBigints: boolean;
  private readonly list: string;
  /** The same with text as bytes. */
  private readonly byteList: string;

  constructor(connection: Connection, collection: string, shape: Collection, rowid: string | null) {
    this.connection = connection;
    this.collection = collection;
    this.columns = Object.entries(shape.fields).map(([field, { type, nullable }]) => ({
      field,
      type,
      nullable: nullable === true,
    }));
    this.key = shape.key.map((field) => {
      const place = this.columns.findIndex((column) => column.field === field);
      return [this.columns[place], place];
    });
    this.blank = blankRow(Object.keys(shape.fields));
    this.hasBigints = this.columns.some(({ type }) => type === 'bigint');
    const last = rowid === null ? 'NULL' : rowid;
    this.list = [...this.columns.map(({ field }) => name(field)), last].join(', ');
    this.byteList = [...this.columns.map(textAsBytes), last].join(', ');
  }

  /** `SELECT (fields) FROM ...`, of which only the end is given. */
  select(rest: string): Select {
    return this.inBoth((list) => `SELECT ${list} ${rest}`);
  }

  /** The union of several, of which each has its own limit as the whole has. */
  union(parts: readonly string[], order: string): Select {
    if (parts.length === 1) return this.select(`${parts[0]} LIMIT ?`);
    // Only the inner selects may say what they select; the order outside is by position.
    return this.inBoth(
      (list) =>
        `${parts.map((part) => `SELECT * FROM (SELECT ${list} ${part} LIMIT ?)`).join(' UNION ALL ')} ORDER BY ${order} LIMIT ?`,
    );
  }

  /** The rows that it finds. @throws CrossfadeError E_RECORD_DAMAGED */
  rows(select: Select, values: readonly Cell[]): Row[] {
    return this.found(select, values).map(({ row }) => row());
  }

  /** The same, each of which is read when it is asked for, so that one that is damaged keeps back no other. */
  found({ text, bytes }: Select, values: readonly Cell[]): Found[] {
    const found = this.connection.cutsText ? null : this.cells(text, values);
    // U+FFFD stands in the text, or the API has put it where bytes are no UTF-8: then the bytes are looked at.
    if (found === null || found.some((cells) => cells.some(isDoubtful)))
      return this.cells(bytes, values).map((cells) => ({
        row: () => this.row(this.withText(cells)),
        key: () => this.keyOf(cells),
      }));
    return found.map((cells) => ({ row: () => this.row(cells), key: () => this.keyOf(cells) }));
  }

  private inBoth(sql: (list: string) => string): Select {
    return { text: sql(this.list), bytes: sql(this.byteList) };
  }

  private cells(sql: string, values: readonly Cell[]): Cell[][] {
    const statement = this.connection.prepared(sql);
    if (this.hasBigints) statement.setReadBigInts(true);
    return allOf(statement, values);
  }

  private withText(cells: readonly Cell[]): Cell[] {
    return cells.map((cell, i) => {
      if (!(cell instanceof Uint8Array) || !isTextual(this.columns[i]?.type)) return cell;
      return isUtf8(cell) ? Buffer.from(cell).toString() : this.damaged(this.columns[i], cells);
    });
  }

  private row(cells: readonly Cell[]): Row {
    const row: Record<string, Value> = { ...this.blank };
    for (let i = 0; i < this.columns.length; i++) {
      const column = this.columns[i];
      const value = cells[i] === null ? null : valueOf(column.type, cells[i]);
      if (value === undefined || (value === null && !column.nullable)) return this.damaged(column, cells);
      row[column.field] = value;
    }
    return row;
  }

  /** Null where the key itself is what cannot be read. */
  private keyOf(cells: readonly Cell[]): Key | null {
    const values = this.key.map(([column, place]) => {
      const cell = cells[place];
      if (!(cell instanceof Uint8Array) || !isTextual(column.type)) return valueOf(column.type, cell);
      return isUtf8(cell) ? valueOf(column.type, Buffer.from(cell).toString()) : undefined;
    });
    return values.every((value) => value !== undefined && value !== null) ? values : null;
  }

  private damaged({ field, type }: Column, cells: readonly Cell[]): never {
    const rowid = cells[cells.length - 1];
    const at = typeof rowid === 'number' || typeof rowid === 'bigint' ? rowid : null;
    const where = at === null ? 'a row' : `the row with rowid ${at}`;
    const { path } = this.connection;
    throw new CrossfadeError(
      'E_RECORD_DAMAGED',
      `${path}: ${this.collection}.${field} of ${where} holds what is no ${type} in the form of the schema; another program has written it. Nothing was changed. Correct the cell with SQLite, or the schema.`,
      { path, collection: this.collection, field, rowid: at, key: keyFact(this.keyOf(cells) ?? []) },
    );
  }
}

function isDoubtful(cell: Cell): boolean {
  return typeof cell === 'string' && cell.includes('\ufffd');
}

/** Integers beyond 2^53 come as bigints or not at all. */
function allOf(statement: StatementSync, values: readonly Cell[]): Cell[][] {
  try {
    return statement.all(...values) as unknown as Cell[][];
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error;
    statement.setReadBigInts(true);
    return statement.all(...values) as unknown as Cell[][];
  }
}

function isTextual(type: FieldType | undefined): boolean {
  return type !== undefined && columnTypes[type] === 'TEXT';
}

/** A cell of another class becomes 0, which no text is. */
function textAsBytes({ field, type }: Column): string {
  const cell = name(field);
  if (!isTextual(type)) return cell;
  return `CASE typeof(${cell}) WHEN 'text' THEN CAST(${cell} AS BLOB) WHEN 'null' THEN NULL ELSE 0 END`;
}
