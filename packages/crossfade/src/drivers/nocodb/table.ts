import { type Collection, emptyRow, type Row } from '../../schema/collection.ts';
import { ValueFault } from '../../schema/values/field-values.ts';
import { type Cell, codecs, valueOfCell } from './codecs.ts';
import { type Column, idTitleOf, sentNames } from './columns.ts';
import { titleOf } from './title.ts';

/** A record of NocoDB: cells by the titles of their columns. */
export type Record_ = Readonly<Record<string, Cell>>;

/** What NocoDB itself names a record by. */
export type Id = number;

/** A record as it stands, with NocoDB's number of it. */
export interface Held {
  readonly id: Id;
  readonly row: Row;
}

/** A record that cannot be read as the schema says; the message tells why, without any value. */
export class Damage extends Error {
  readonly id: Id;

  constructor(id: Id, what: string) {
    super(what);
    this.id = id;
  }
}

/** NocoDB's number of a record. @throws Damage with Id 0 for an answer that is no record */
export function idOf(idTitle: string, record: Record_): Id {
  const id = record[idTitle];
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw new Damage(0, `has no number as its ${idTitle}`);
  return id;
}

/** A collection as a table of NocoDB: a column a field, by the same names. */
export class Table {
  readonly name: string;
  readonly shape: Collection;
  /** Where its records are asked for. */
  readonly path: string;
  /** The title of the column that NocoDB numbers records by. */
  readonly idTitle: string;
  private readonly sentNames: ReadonlyMap<string, string>;

  constructor(name: string, shape: Collection, tableId: string, columns: readonly Column[]) {
    this.name = name;
    this.shape = shape;
    this.path = `/api/v2/tables/${tableId}/records`;
    this.idTitle = idTitleOf(columns);
    this.sentNames = sentNames(shape, columns);
  }

  /** What is sent of these fields. */
  cellsOf(row: Row): Record<string, Cell> {
    const cells = Object.create(null) as Record<string, Cell>;
    for (const [field, value] of Object.entries(row))
      cells[this.sentNames.get(field) as string] =
        value === null ? null : codecs[this.shape.fields[field].type].encode(value);
    return cells;
  }

  /** @throws Damage with Id 0 for an answer that is no record */
  idOf(record: Record_): Id {
    return idOf(this.idTitle, record);
  }

  /** The values of these fields of a record. @throws Damage */
  rowOf(record: Record_, fields: readonly string[] = Object.keys(this.shape.fields)): Row {
    const row = emptyRow();
    for (const field of fields) row[field] = this.valueOf(record, field);
    return row;
  }

  private valueOf(record: Record_, field: string): Row[string] {
    const title = titleOf(field);
    const label = JSON.stringify(title);
    // NocoDB drops what it has no column for from a write, and says that all went well.
    if (!Object.hasOwn(record, title)) throw new Damage(this.idOf(record), `has no column ${label} any longer`);
    try {
      return valueOfCell(this.shape.fields[field], record[title]);
    } catch (error) {
      if (error instanceof ValueFault) throw new Damage(this.idOf(record), `has a ${label} that ${error.message}`);
      throw error;
    }
  }
}
