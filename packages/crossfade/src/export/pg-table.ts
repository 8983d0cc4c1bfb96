import type { Clause } from './clauses.ts';

/** A table of PostgreSQL that is to be copied. */
export interface PgTable {
  readonly name: string;
  readonly oid: string;
  readonly partitioned: boolean;
  readonly columns: readonly PgColumn[];
  readonly primaryKey: readonly string[];
  readonly unique: readonly PgKey[];
  readonly foreignKeys: readonly PgForeignKey[];
  readonly primaryKeyClauses: readonly Clause[];
  readonly checks: readonly PgCheck[];
  readonly indexes: readonly PgIndex[];
  /** Constraints of kinds that no copy has: exclusion, and whatever a later server brings. */
  readonly otherConstraints: readonly string[];
}

/** A column, its type without domains around it. */
export interface PgColumn {
  readonly name: string;
  /** As pg_type names it: `int4`, `timestamptz`. */
  readonly type: string;
  /** As pg_type classes it: `b` a base type, `c` a composite one, `d` is none, `e` an enum, `r` a range. */
  readonly kind: string;
  /**
   * What its collation makes of text. `bytes`: equal and ordered as its bytes are. `language`: equal as its bytes are, and
   * ordered otherwise. `loose`: texts of other bytes may be equal. Null for a type without one.
   */
  readonly collation: 'bytes' | 'language' | 'loose' | null;
  /** As PostgreSQL writes it, `numeric(10,2)`. */
  readonly written: string;
  /** The same without domains around it. */
  readonly base: string;
  readonly required: boolean;
  readonly generated: boolean;
  /** SQL of the default, or null. */
  readonly default: string | null;
  /** Whether the type is a domain, which may have conditions and a default of its own. */
  readonly isDomain: boolean;
  /** What an identity or serial counts by, or null. */
  readonly sequence: PgSequence | null;
}

/** The sequence behind a column. */
export interface PgSequence {
  /** One less than the number that it gives next. */
  readonly before: bigint;
  /** Whether it has given a number. */
  readonly isUsed: boolean;
  /** How it counts, where that is not one by one upwards for as long as the type lasts: `INCREMENT BY 10`. */
  readonly counting: readonly string[];
}

/** A condition of a table's rows. */
export interface PgCheck {
  readonly name: string;
  /** As PostgreSQL writes it. */
  readonly condition: string;
  readonly clauses: readonly Clause[];
}

/** A key or constraint, by the names of its columns. */
export interface PgKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly clauses: readonly Clause[];
}

/** A foreign key, with the words of SQL for its actions. */
export interface PgForeignKey extends PgKey {
  /** Null for a table of another schema. */
  readonly parent: string | null;
  readonly parentColumns: readonly string[];
  readonly onUpdate: string;
  readonly onDelete: string;
  /** ` DEFERRABLE INITIALLY DEFERRED`, or nothing. */
  readonly deferral: string;
}

/** An index that no constraint has made. */
export interface PgIndex {
  readonly name: string;
  readonly unique: boolean;
  readonly method: string;
  readonly parts: readonly PgIndexPart[];
  readonly where: string | null;
  readonly clauses: readonly Clause[];
}

/** A column, or the SQL of an expression. */
export interface PgIndexPart {
  readonly column: string | null;
  readonly sql: string;
  readonly descending: boolean;
  /** Of the index, which need not be that of its column. */
  readonly collation: PgColumn['collation'];
  /** Whether its operator class may take other values for equal than those of PostgreSQL do. */
  readonly hasOwnEquality: boolean;
}

/** What a schema holds. */
export interface PgSchema {
  readonly tables: readonly PgTable[];
  readonly notMoved: readonly { readonly kind: string; readonly name: string; readonly why: string }[];
}
