import { ident } from '../core/sql-text.ts';
import type { Names } from '../staging/names.ts';
import { type Clause, isCarried } from './clauses.ts';
import { conditionOf, type NamedColumn } from './condition.ts';
import { defaultOf } from './default.ts';
import { looseOf, looseParts, whyLoose } from './equality.ts';
import type { NotTranslated } from './exported.ts';
import { type Form, formOf } from './form.ts';
import type { PgCheck, PgColumn, PgForeignKey, PgIndex, PgKey, PgTable } from './pg-table.ts';
import { defaultObstacleTo, obstacleTo } from './reference.ts';

/** A table as it is to stand in SQLite. */
export interface CopyTable {
  readonly from: PgTable;
  readonly name: string;
  readonly columns: readonly CopyColumn[];
  readonly create: string;
  /** Its indexes. */
  readonly indexes: readonly string[];
  /** What sqlite_sequence is to say, so that the next key is the one that PostgreSQL would have given. */
  readonly sequence: bigint | null;
}

/** A column of it. */
export interface CopyColumn extends NamedColumn {
  readonly form: Form;
}

/** One table on its way into SQLite; what it says is not carried over stands in a list that all drafts share. */
export class Draft {
  private readonly table: PgTable;
  private readonly tables: readonly PgTable[];
  private readonly tableNames: Names;
  private readonly columnNames: ReadonlyMap<string, ReadonlyMap<string, string>>;
  private readonly notTranslated: NotTranslated[];

  constructor(
    table: PgTable,
    tables: readonly PgTable[],
    tableNames: Names,
    columnNames: ReadonlyMap<string, ReadonlyMap<string, string>>,
    notTranslated: NotTranslated[],
  ) {
    this.table = table;
    this.tables = tables;
    this.tableNames = tableNames;
    this.columnNames = columnNames;
    this.notTranslated = notTranslated;
  }

  design(): CopyTable {
    const { table } = this;
    const name = this.tableNames.of(table.name);
    const columns = table.columns.map(
      (column): CopyColumn => ({
        from: column,
        name: this.names.get(column.name) as string,
        form: formOf(column.type),
      }),
    );
    const counter = this.counter();
    const lines = [
      ...columns.map((column) => this.columnText(column, counter)),
      ...this.primaryKey(counter),
      ...table.unique.flatMap((key) => this.unique(key)),
      ...table.foreignKeys.flatMap((key) => this.foreignKey(key)),
      ...table.checks.flatMap((check) => this.check(check)),
    ];
    for (const what of table.otherConstraints) this.say(what, 'SQLite has no constraint of this kind');
    return {
      from: table,
      name,
      columns,
      create: `CREATE TABLE ${ident(name)} (\n  ${lines.join(',\n  ')}\n)`,
      indexes: table.indexes.flatMap((index) => this.index(name, index)),
      sequence: this.startOf(counter),
    };
  }

  private get names(): ReadonlyMap<string, string> {
    return this.columnNames.get(this.table.name) as ReadonlyMap<string, string>;
  }

  private condition(text: string): string | null {
    const { columns } = this.table;
    return conditionOf(
      text,
      new Map(columns.map((from) => [from.name, { from, name: this.names.get(from.name) as string }])),
    );
  }

  /** The column whose values PostgreSQL counts up: what INTEGER PRIMARY KEY is in SQLite. */
  private counter(): PgColumn | null {
    const [key, ...more] = this.table.primaryKey;
    const column = this.table.columns.find(({ name }) => name === key);
    const isCounter = column !== undefined && more.length === 0 && column.sequence !== null;
    return isCounter && /^int[248]$/.test(column.type) ? column : null;
  }

  /** What sqlite_sequence says of it, told where SQLite counts otherwise. It counts from 1 by itself. */
  private startOf(counter: PgColumn | null): bigint | null {
    if (counter === null || counter.sequence === null) return null;
    const { before, isUsed, counting } = counter.sequence;
    for (const how of [...counting, ...(before < 0n ? [`START ${before + 1n}`] : [])])
      this.say(
        `${how} of ${counter.name}`,
        'SQLite counts by one from the greatest key, from 1, and takes a given number as well',
      );
    return isUsed || before > 0n ? before : null;
  }

  private columnText({ from, name, form }: CopyColumn, counter: PgColumn | null): string {
    if (from === counter) return `${ident(name)} INTEGER PRIMARY KEY AUTOINCREMENT`;
    const [sole, ...more] = this.table.primaryKey;
    // INTEGER would make it another name of the rowid, and NULL a new number.
    const declared = form.declared === 'INTEGER' && sole === from.name && more.length === 0 ? 'INT' : form.declared;
    return [ident(name), declared, ...(from.required ? ['NOT NULL'] : []), ...this.defaultText(from)].join(' ');
  }

  private defaultText(column: PgColumn): string[] {
    const { name, default: given, generated, sequence, isDomain } = column;
    if (generated) this.say(`generated column ${name}`, 'its values are copied, and its expression is not');
    if (isDomain) this.say(`domain of ${name}`, 'the column has the type below it, without its conditions and default');
    if (sequence !== null) this.say(`counting of ${name}`, 'SQLite counts only a primary key of one whole number');
    if (given === null || sequence !== null) return [];
    const translated = defaultOf(given, column);
    if (translated !== null) return [`DEFAULT ${translated}`];
    this.say(`default of ${name}`, 'SQLite would put something else into a row');
    return [];
  }

  private primaryKey(counter: PgColumn | null): string[] {
    const { primaryKey, primaryKeyClauses } = this.table;
    if (primaryKey.length === 0) return [];
    this.isCarried('primary key', primaryKeyClauses);
    this.sayLoose('primary key', looseOf(primaryKey, this.table));
    // INTEGER PRIMARY KEY stands with its column.
    return counter === null ? [`PRIMARY KEY (${this.list(primaryKey)})`] : [];
  }

  private unique({ name, columns, clauses }: PgKey): string[] {
    this.isCarried(`unique key ${name}`, clauses);
    this.sayLoose(`unique key ${name}`, looseOf(columns, this.table));
    return [`CONSTRAINT ${ident(name)} UNIQUE (${this.list(columns)})`];
  }

  private sayLoose(what: string, by: readonly string[]): void {
    for (const part of by) this.say(`${what} by ${part}`, whyLoose);
  }

  private foreignKey(key: PgForeignKey): string[] {
    const what = `foreign key ${key.name}`;
    const parent = this.tables.find(({ name }) => name === key.parent);
    const obstacle =
      parent === undefined
        ? 'the table that it refers to is not copied'
        : (obstacleTo(key, this.table, parent) ?? defaultObstacleTo(key, this.table));
    if (parent === undefined || obstacle !== null) {
      this.say(what, obstacle as string);
      return [];
    }
    // SQLite does not look at the rows that are there either.
    if (
      !this.isCarried(
        what,
        key.clauses.filter((clause) => clause !== 'NOT VALID'),
      )
    )
      return [];
    const names = this.columnNames.get(parent.name) as ReadonlyMap<string, string>;
    const columns = key.parentColumns.map((column) => ident(names.get(column) as string)).join(', ');
    const actions = [
      ...(key.onUpdate === 'NO ACTION' ? [] : [` ON UPDATE ${key.onUpdate}`]),
      ...(key.onDelete === 'NO ACTION' ? [] : [` ON DELETE ${key.onDelete}`]),
      key.deferral,
    ];
    return [
      `CONSTRAINT ${ident(key.name)} FOREIGN KEY (${this.list(key.columns)}) REFERENCES ${ident(this.tableNames.of(parent.name))} (${columns})${actions.join('')}`,
    ];
  }

  private check({ name, condition, clauses }: PgCheck): string[] {
    if (!this.isCarried(`check ${name}`, clauses)) return [];
    const translated = this.condition(condition);
    if (translated !== null) return [`CONSTRAINT ${ident(name)} CHECK (${translated})`];
    this.say(`check ${name}`, 'SQLite has no condition that means the same');
    return [];
  }

  private index(table: string, index: PgIndex): string[] {
    const what = `index ${index.name}`;
    if (!this.isCarried(what, index.clauses)) return [];
    const where = index.where === null ? '' : this.condition(index.where);
    const parts = index.parts.map((part) => this.part(part));
    const isTold = index.method === 'btree' && where !== null && parts.every((part) => part !== null);
    if (!isTold) {
      this.say(
        what,
        `it is ${index.method === 'btree' ? 'of an expression, or a condition,' : `of the kind ${index.method},`} that is PostgreSQL's own`,
      );
      return [];
    }
    if (index.unique) this.sayLoose(what, looseParts(index, this.table));
    return [
      `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${ident(this.tableNames.free(/^sqlite_/i.test(index.name) ? 'index' : index.name))} ON ${ident(table)} (${parts.join(', ')})${where === '' ? '' : ` WHERE ${where}`}`,
    ];
  }

  private part({ column, sql, descending }: PgIndex['parts'][number]): string | null {
    const name = column === null ? null : this.names.get(column);
    // What a move makes of NOCASE.
    const folded = name === null ? /^lower\(\(?"?(.+?)"?(?:::text)? COLLATE "C"\)?\)/.exec(sql)?.[1] : undefined;
    const foldedName = folded === undefined ? undefined : this.names.get(folded.replaceAll('""', '"'));
    if (name === null && foldedName === undefined) return null;
    const said = name === null ? `${ident(foldedName as string)} COLLATE NOCASE` : ident(name as string);
    return `${said}${descending ? ' DESC' : ''}`;
  }

  private list(columns: readonly string[]): string {
    return columns.map((column) => ident(this.names.get(column) as string)).join(', ');
  }

  private isCarried(what: string, clauses: readonly Clause[]): boolean {
    return isCarried(`${what} of ${this.table.name}`, clauses, this.notTranslated);
  }

  private say(what: string, why: string): void {
    this.notTranslated.push({ what: `${what} of ${this.table.name}`, why });
  }
}
