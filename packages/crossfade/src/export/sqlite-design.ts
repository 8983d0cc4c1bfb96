import { ident } from '../core/sql-text.ts';
import { Names } from '../staging/names.ts';
import type { PgColumn, PgIndex, PgTable } from './pg-table.ts';
import { conditionOf, type NamedColumn } from './condition.ts';
import { defaultOf } from './default.ts';
import type { NotTranslated } from './exported.ts';
import { type Form, formOf } from './form.ts';

/** A table as it is to stand in SQLite. */
export interface CopyTable {
  readonly from: PgTable;
  readonly name: string;
  readonly columns: readonly CopyColumn[];
  readonly create: string;
  /** Indexes; they are made once the rows are there. */
  readonly indexes: readonly string[];
  /** What sqlite_sequence is to say, so that the next key is the one that PostgreSQL would have given. */
  readonly sequence: bigint | null;
}

/** A column of it. */
export interface CopyColumn extends NamedColumn {
  readonly form: Form;
}

/** Designs the tables of a copy together: foreign keys speak of each other's names. */
export function designCopy(tables: readonly PgTable[]): {
  readonly tables: readonly CopyTable[];
  readonly notTranslated: readonly NotTranslated[];
  readonly warnings: readonly string[];
} {
  const tableNames = new Names('table');
  const notTranslated: NotTranslated[] = [];
  const warnings: string[] = [];
  for (const { name } of tables) tableNames.of(name);
  const columnNames = new Map(tables.map((table) => [table.name, namesOf(table)]));
  const drafts = tables.map((table) => new Draft(table, tableNames, columnNames, notTranslated));
  const designed = drafts.map((draft) => draft.design());
  for (const { from, to } of tableNames.renamed)
    warnings.push(
      `Table ${JSON.stringify(from)} is called ${JSON.stringify(to)}: SQLite does not tell its name from another one.`,
    );
  for (const { from, columns } of designed)
    for (const column of columns)
      if (column.name !== column.from.name)
        warnings.push(
          `Column ${JSON.stringify(column.from.name)} of ${from.name} is called ${JSON.stringify(column.name)}: SQLite does not tell its name from another one.`,
        );
  return { tables: designed, notTranslated, warnings };
}

function namesOf({ columns }: PgTable): ReadonlyMap<string, string> {
  const names = new Names('column');
  return new Map(columns.map(({ name }) => [name, names.of(name)]));
}

/** One table on its way into SQLite. */
class Draft {
  private readonly table: PgTable;
  private readonly tableNames: Names;
  private readonly columnNames: ReadonlyMap<string, ReadonlyMap<string, string>>;
  private readonly notTranslated: NotTranslated[];

  constructor(
    table: PgTable,
    tableNames: Names,
    columnNames: ReadonlyMap<string, ReadonlyMap<string, string>>,
    notTranslated: NotTranslated[],
  ) {
    this.table = table;
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
      ...(table.primaryKey.length > 0 && counter === null ? [`PRIMARY KEY (${this.list(table.primaryKey)})`] : []),
      ...table.unique.map((key) => `CONSTRAINT ${ident(key.name)} UNIQUE (${this.list(key.columns)})`),
      ...table.foreignKeys.flatMap((key) => this.foreignKey(key)),
      ...table.checks.flatMap((check) => this.check(check)),
    ];
    return {
      from: table,
      name,
      columns,
      create: `CREATE TABLE ${ident(name)} (\n  ${lines.join(',\n  ')}\n)`,
      indexes: table.indexes.flatMap((index) => this.index(name, index)),
      sequence: counter?.sequence?.last ?? null,
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

  private columnText({ from, name, form }: CopyColumn, counter: PgColumn | null): string {
    if (from === counter) return `${ident(name)} INTEGER PRIMARY KEY AUTOINCREMENT`;
    const [sole, ...more] = this.table.primaryKey;
    // INTEGER would make it another name of the rowid, and NULL a new number.
    const declared = form.declared === 'INTEGER' && sole === from.name && more.length === 0 ? 'INT' : form.declared;
    return [ident(name), declared, ...(from.required ? ['NOT NULL'] : []), ...this.defaultText(from)].join(' ');
  }

  private defaultText(column: PgColumn): string[] {
    const { name, default: given, generated, sequence } = column;
    if (generated)
      this.say(`generated column ${name} of ${this.table.name}`, 'its values are copied, and its expression is not');
    if (given === null || sequence !== null) return [];
    const translated = defaultOf(given, column);
    if (translated !== null) return [`DEFAULT ${translated}`];
    this.say(`default of ${this.table.name}.${name}`, 'SQLite would put something else into a row');
    return [];
  }

  private foreignKey(key: PgTable['foreignKeys'][number]): string[] {
    const parent = key.parent === null ? undefined : this.columnNames.get(key.parent);
    if (parent === undefined) {
      this.say(`foreign key ${key.name} of ${this.table.name}`, 'the table that it refers to is not copied');
      return [];
    }
    const columns = key.parentColumns.map((column) => ident(parent.get(column) as string)).join(', ');
    const actions = [
      ...(key.onUpdate === 'NO ACTION' ? [] : [` ON UPDATE ${key.onUpdate}`]),
      ...(key.onDelete === 'NO ACTION' ? [] : [` ON DELETE ${key.onDelete}`]),
      ...(key.deferred ? [' DEFERRABLE INITIALLY DEFERRED'] : []),
    ];
    return [
      `CONSTRAINT ${ident(key.name)} FOREIGN KEY (${this.list(key.columns)}) REFERENCES ${ident(this.tableNames.of(key.parent as string))} (${columns})${actions.join('')}`,
    ];
  }

  private check({ name, definition }: { readonly name: string; readonly definition: string }): string[] {
    const inner = /^CHECK \((.*)\)$/s.exec(definition)?.[1];
    const translated = inner === undefined ? null : this.condition(inner);
    if (translated !== null) return [`CONSTRAINT ${ident(name)} CHECK (${translated})`];
    this.say(`check ${name} of ${this.table.name}`, 'SQLite has no condition that means the same');
    return [];
  }

  private index(table: string, index: PgIndex): string[] {
    const where = index.where === null ? '' : this.condition(index.where);
    const parts = index.parts.map((part) => this.part(part));
    const isTold = index.method === 'btree' && index.isPlain && where !== null && parts.every((part) => part !== null);
    if (!isTold) {
      this.say(
        `index ${index.name} of ${this.table.name}`,
        `it is ${index.method === 'btree' ? 'of an expression, or a condition,' : `of the kind ${index.method},`} that is PostgreSQL's own`,
      );
      return [];
    }
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

  private say(what: string, why: string): void {
    this.notTranslated.push({ what, why });
  }
}
