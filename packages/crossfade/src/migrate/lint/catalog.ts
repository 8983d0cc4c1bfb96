import { keyOf, type QName } from './names.ts';
import type { SqlType } from './types.ts';

/** A column as the files have left it. */
export interface Column {
  readonly type: SqlType;
  readonly notNull: boolean;
  /** GENERATED ... VIRTUAL: nothing of it is stored. */
  readonly virtual: boolean;
}

/** An index; an expression among its columns is null. */
export interface Index {
  readonly name: string | null;
  readonly columns: readonly (string | null)[];
  /** Over all rows, so that it serves a foreign key. */
  readonly whole: boolean;
  readonly unique: boolean;
}

/** A check that says of columns that they are not null. */
export interface NotNullCheck {
  readonly name: string | null;
  readonly columns: readonly string[];
  readonly valid: boolean;
}

/** A constraint, under the name that PostgreSQL gives it where the file gives none. */
export interface TableConstraint {
  readonly name: string;
  /** `CONSTR_PRIMARY` and the like, as the tree says. */
  readonly kind: string;
  /** Those of a check are not told. */
  readonly columns: readonly string[];
}

/** A table or view as the files have left it. Never changed in place: catalogues of other moments share it. */
export interface Table {
  readonly name: QName;
  readonly columns: ReadonlyMap<string, Column>;
  readonly indexes: readonly Index[];
  readonly checks: readonly NotNullCheck[];
  readonly constraints: readonly TableConstraint[];
  /** The names of its policies of row security. */
  readonly policies: readonly string[];
  /** The migration that made it, by its place; null where none of the folder did. */
  readonly createdIn: number | null;
  /** A statement of a migration put rows into it. */
  readonly filled: boolean;
  /** PARTITION BY stands behind it. */
  readonly partitioned: boolean;
}

/** What is known of the database from the files alone. What they do not mention is taken for old, large and in use. */
export class Catalog {
  readonly #tables: Map<string, Table>;
  readonly #functions: Map<string, string>;
  readonly #constrainedDomains: Set<string>;
  /** Migrations behind this place run together in one go, on a database that nobody uses meanwhile. */
  readonly #runFrom: number;

  constructor(runFrom: number, from?: Catalog) {
    this.#runFrom = runFrom;
    this.#tables = new Map(from === undefined ? [] : from.#tables);
    this.#functions = new Map(from === undefined ? [] : from.#functions);
    this.#constrainedDomains = new Set(from === undefined ? [] : from.#constrainedDomains);
  }

  /** As it stands now: what follows does not reach it. */
  copy(): Catalog {
    return new Catalog(this.#runFrom, this);
  }

  table(name: QName): Table | null {
    return this.#tables.get(keyOf(name)) ?? null;
  }

  tables(): Iterable<Table> {
    return this.#tables.values();
  }

  /** Puts a table in the place of what had its name. */
  put(table: Table): void {
    this.#tables.set(keyOf(table.name), table);
  }

  remove(name: QName): void {
    this.#tables.delete(keyOf(name));
  }

  /** Changes a table; one that no file made is begun, so that what is added to it is known. */
  update(name: QName, change: (table: Table) => Partial<Table>): void {
    const table = this.table(name) ?? unknownTable(name);
    const changed = { ...table, ...change(table) };
    if (keyOf(changed.name) !== keyOf(name)) this.remove(name);
    this.put(changed);
  }

  /** The table of an index; null for one that no file made. */
  tableOfIndex(index: QName): Table | null {
    const schema = index.schema ?? 'public';
    for (const table of this.#tables.values())
      if ((table.name.schema ?? 'public') === schema && table.indexes.some((each) => each.name === index.name))
        return table;
    return null;
  }

  /** Remembers how a function was declared: `immutable`, `stable` or `volatile`. */
  declare(name: string, volatility: string): void {
    this.#functions.set(name, volatility);
  }

  /** Remembers that a domain has a check or is NOT NULL: its columns cannot be added without looking at each row. */
  constrainDomain(name: string): void {
    this.#constrainedDomains.add(name);
  }

  isConstrainedDomain(name: string): boolean {
    return this.#constrainedDomains.has(name);
  }

  volatility(name: string): string | null {
    return this.#functions.get(name) ?? null;
  }

  /** @see fresh.ts */
  freshIn(name: QName, ordinal: number, direction: 'up' | 'down'): boolean {
    const table = this.table(name);
    if (table === null || table.createdIn === null) return false;
    if (table.createdIn === ordinal) return true;
    return direction === 'up' && table.createdIn >= this.#runFrom && !table.filled;
  }
}

/** A table of which nothing is known but its name. */
export function unknownTable(name: QName): Table {
  return {
    name,
    columns: new Map(),
    indexes: [],
    checks: [],
    constraints: [],
    policies: [],
    createdIn: null,
    filled: false,
    partitioned: false,
  };
}
