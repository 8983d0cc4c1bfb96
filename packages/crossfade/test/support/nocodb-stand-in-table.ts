import { randomUUID } from 'node:crypto';
import { Refused, type StoredRow } from './nocodb-stand-in-where.ts';

/** How the versions differ, as far as it was observed. */
export interface StandInVersion {
  /** Before the name of an error. */
  readonly prefix: '' | 'ERR_';
  /** Records of one write at the most. */
  readonly writeMax: number;
  /** An Id that a record is sent with is its Id. */
  readonly honoursIds: boolean;
  /** The Id of a record that was the last one is given again when it has gone: SQLite's, without AUTOINCREMENT. */
  readonly reusesIds: boolean;
  /** A table gets a primary key, whether one was asked for or not. */
  readonly givesIds: boolean;
}

/** A column, as it is asked for and described. */
export interface StandInColumn {
  readonly id: string;
  readonly title: string;
  readonly column_name: string;
  readonly uidt: string;
  readonly dt?: string;
  readonly pk?: number;
  readonly system?: number;
  /** Of a column that links records: their table, and the one that keeps the pairs. */
  readonly colOptions?: { readonly fk_related_model_id: string; readonly fk_mm_model_id: string };
}

const systemColumns = [
  ['CreatedAt', 'created_at', 'CreatedTime'],
  ['UpdatedAt', 'updated_at', 'LastModifiedTime'],
  ['nc_created_by', 'created_by', 'CreatedBy'],
  ['nc_updated_by', 'updated_by', 'LastModifiedBy'],
  ['nc_order', 'nc_order', 'Order'],
] as const;

/** What NocoDB's own text columns hold. */
const lengthMax = 100_000;

/** One table with its records. */
export class StandInTable {
  readonly id: string;
  readonly title: string;
  columns: readonly StandInColumn[];
  readonly rows = new Map<number, StoredRow>();
  private readonly version: StandInVersion;
  private nextId = 1;
  private nextColumn = 1;

  constructor(id: string, title: string, columns: readonly Partial<StandInColumn>[], version: StandInVersion) {
    this.id = id;
    this.title = title;
    this.version = version;
    this.columns = systemColumns.map(([name, column_name, uidt]) =>
      this.column({ title: name, column_name, uidt, system: 1 }),
    );
    const own = columns.filter(({ uidt }) => uidt !== 'ID' || !version.givesIds);
    const given = version.givesIds ? [{ title: 'Id', column_name: 'id', uidt: 'ID', pk: 1 }] : [];
    for (const each of [...given, ...own]) this.addColumn(each);
  }

  /** With a column that is called as what every object has, NocoDB can write records and neither say so nor read them. */
  get isBroken(): boolean {
    return this.columns.some(({ title }) => title in Object.prototype);
  }

  addColumn(asked: Partial<StandInColumn>): StandInColumn {
    if (this.columns.some(({ title }) => title === asked.title)) throw this.error(422, 'DUPLICATE_ALIAS');
    const made = this.column({ ...asked, ...(asked.pk && { pk: 1 }) });
    this.columns = [...this.columns, made];
    return made;
  }

  /** Rows of the server's own, keys included. */
  rowsOf(given: readonly StoredRow[]): void {
    for (const each of given) this.rows.set(this.nextId, { Id: this.nextId++, ...each });
  }

  dropColumn(id: string): void {
    this.columns = this.columns.filter((each) => each.id !== id);
  }

  insert(given: readonly StoredRow[]): number[] {
    this.refuseMany(given);
    // All of them are looked at before any of them is there.
    return given
      .map((each) => [each, this.cellsOf(each)] as const)
      .map(([each, cells]) => {
        const next = this.version.reusesIds ? Math.max(0, ...this.rows.keys()) + 1 : this.nextId;
        const id = this.version.honoursIds && typeof each.Id === 'number' ? each.Id : next;
        this.nextId = Math.max(this.nextId, id + 1);
        this.rows.set(id, { Id: id, CreatedAt: moment(), UpdatedAt: null, ...cells });
        return id;
      });
  }

  update(given: readonly StoredRow[]): number[] {
    const ids = this.idsOf(given);
    const cells = given.map((each) => this.cellsOf(each));
    for (const [i, id] of ids.entries()) this.rows.set(id, { ...this.rows.get(id), ...cells[i], UpdatedAt: moment() });
    return ids;
  }

  remove(given: readonly StoredRow[]): number[] {
    const ids = this.idsOf(given);
    for (const id of ids) this.rows.delete(id);
    return ids;
  }

  /** A record as it is given out: what it has no value for is null. */
  shown(row: StoredRow, titles: readonly string[]): StoredRow {
    const typeOf = new Map(this.columns.map(({ title, uidt }) => [title, uidt]));
    return Object.fromEntries(
      titles.map((title) => {
        const value = row[title] ?? null;
        const type = typeOf.get(title);
        if (type === 'Formula' || type === 'Links') return [title, 1];
        // The address of an attachment is another one in each answer.
        if (type !== 'Attachment' || value === null) return [title, value];
        return [title, (value as object[]).map((each) => ({ ...each, signedPath: `dltemp/${randomUUID()}` }))];
      }),
    );
  }

  error(status: number, name: string): Refused {
    return new Refused(status, { error: `${this.version.prefix}${name}`, message: 'as NocoDB words it' });
  }

  private column(asked: Partial<StandInColumn>): StandInColumn {
    const { title = '', uidt = 'SingleLineText' } = asked;
    return { column_name: title, ...asked, id: `c${this.id}${this.nextColumn++}`, title, uidt };
  }

  private refuseMany(given: readonly StoredRow[]): void {
    if (given.length > this.version.writeMax) throw this.error(422, 'MAX_PAYLOAD_LIMIT_EXCEEDED');
  }

  private idsOf(given: readonly StoredRow[]): number[] {
    this.refuseMany(given);
    const ids = given.map(({ Id }) => Id as number);
    const missing = ids.find((id) => !this.rows.has(id));
    if (missing !== undefined || ids.includes(undefined as never)) throw this.error(404, 'RECORD_NOT_FOUND');
    const twice = ids.find((id, i) => ids.indexOf(id) < i);
    if (twice !== undefined) throw new Refused(422, { msg: `Duplicate record with id ${twice}` });
    return ids;
  }

  /** By a column's name in the database, its title or its id; what no column is called is dropped. */
  private cellsOf(given: StoredRow): StoredRow {
    const cells: Record<string, unknown> = {};
    for (const { title, column_name, id, uidt, pk, system } of this.columns) {
      const name = [column_name, title, id].find((each) => Object.hasOwn(given, each));
      if (name === undefined || pk === 1) continue;
      if (system === 1 && name === title)
        throw new Refused(400, { msg: `Column "${title}" is auto generated and cannot be updated` });
      if (system !== 1) cells[title] = this.kept(uidt, given[name]);
    }
    return cells;
  }

  /** What SQLite keeps of a value, and JSON gives back. */
  private kept(uidt: string, value: unknown): unknown {
    if (uidt === 'Checkbox') return value === null ? null : Number(value);
    if (uidt === 'Number') return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    if (asGiven.includes(uidt)) return value;
    if (typeof value !== 'string') return value === null ? null : String(value);
    if (value.length > lengthMax && uidt !== 'SpecificDBType') throw this.error(422, 'INVALID_VALUE_FOR_FIELD');
    return value.toWellFormed();
  }
}

/** Types whose values come back as they were given. */
const asGiven = ['Decimal', 'Currency', 'Rating', 'Attachment'];

/** To the second. */
function moment(): string {
  return new Date()
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '+00:00');
}
