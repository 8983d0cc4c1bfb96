/**
 * A schema as data. The same structure drives DDL, encoders, COPY, verification and the report.
 *
 * Two halves: what was found in the source (`Source*`), and what is to stand in PostgreSQL (`Target*`). Inference
 * turns the first into the second; nothing but inference decides types.
 */

/** The PostgreSQL types that a value of the source can become. Every one has an encoder, a proof and a decoder in verification. */
export const pgTypes = [
  'boolean',
  'integer',
  'bigint',
  'numeric',
  'double precision',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
  'json',
  'jsonb',
  'bytea',
  'text',
] as const;
export type PgType = (typeof pgTypes)[number];

// ---- the source, as its catalog tells it --------------------------------------------------------------------

/** An ordinary table of the source. */
export interface SourceTable {
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  /** Column names of the declared key, in key order; empty without one. */
  readonly primaryKey: readonly string[];
  /** The column that is another name of the rowid (INTEGER PRIMARY KEY), or null. */
  readonly rowidAlias: string | null;
  readonly withoutRowid: boolean;
  readonly strict: boolean;
  readonly autoincrement: boolean;
  /** The value in sqlite_sequence, or null. */
  readonly sequence: bigint | null;
  readonly indexes: readonly SourceIndex[];
  readonly foreignKeys: readonly SourceForeignKey[];
  readonly checks: readonly SourceCheck[];
}

/** A column in the order of the table, generated ones included. */
export interface SourceColumn {
  readonly name: string;
  /** As written, '' when the column has no type. */
  readonly declared: string;
  readonly notNull: boolean;
  /** SQL text of the default as written, or null. */
  readonly default: string | null;
  /** BINARY, NOCASE, RTRIM or the name of an application's own collation. */
  readonly collation: string;
  readonly generated: { readonly expression: string; readonly stored: boolean } | null;
  /** Of a column that documents were laid into: what of them it holds. A database's own column has none. */
  readonly member?: DocumentMember;
}

/** A member of documents, as it stands in a column. */
export interface DocumentMember {
  /** Null for the name of the record itself. */
  readonly name: string | null;
  /** How its values are spelled there: the same values in another form are other cells. */
  readonly form: string;
}

/** An index, also those that constraints have made. */
export interface SourceIndex {
  readonly name: string;
  readonly unique: boolean;
  /** pk and unique: made by a constraint of the table; create: by CREATE INDEX. */
  readonly origin: 'create' | 'unique' | 'pk';
  readonly parts: readonly SourceIndexPart[];
  /** SQL text of the WHERE of a partial index, or null. */
  readonly where: string | null;
}

/** One part of an index. */
export interface SourceIndexPart {
  /** The column's name, or null when the part is an expression. */
  readonly column: string | null;
  /** SQL text, when the part is an expression. */
  readonly expression: string | null;
  readonly collation: string;
  readonly descending: boolean;
}

/** A foreign key; SQLite may never have enforced it. */
export interface SourceForeignKey {
  readonly name: string | null;
  readonly columns: readonly string[];
  readonly parent: string;
  /** Resolved: an omitted list of parent columns is the parent's primary key. Empty when that has no meaning. */
  readonly parentColumns: readonly string[];
  readonly onDelete: ForeignKeyAction;
  readonly onUpdate: ForeignKeyAction;
  readonly deferred: boolean;
}
/** What happens to children; both databases know the same five. */
export type ForeignKeyAction = 'NO ACTION' | 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT';

/** A CHECK of a column or of the table. */
export interface SourceCheck {
  readonly name: string | null;
  /** SQL text between the parentheses. */
  readonly expression: string;
}

/** What a source has and a target does not get. */
export interface NotMoved {
  readonly kind: 'view' | 'trigger' | 'virtual table' | 'shadow table' | 'table' | 'column' | 'file';
  readonly name: string;
  readonly why: string;
}

// ---- the target, as it is to be made ------------------------------------------------------------------------

/** A table as it is to stand in PostgreSQL. Its columns are in the order of the source. */
export interface TargetTable {
  readonly source: SourceTable;
  readonly name: string;
  readonly columns: readonly TargetColumn[];
  readonly primaryKey: TargetKey | null;
  readonly indexes: readonly TargetIndex[];
  readonly foreignKeys: readonly TargetForeignKey[];
  readonly checks: readonly TargetCheck[];
}

/** A column as it is to be made. */
export interface TargetColumn {
  readonly source: SourceColumn;
  readonly name: string;
  readonly type: PgType;
  /** One sentence: the evidence for the type, and what kept it from a narrower one. */
  readonly why: string;
  readonly rules: readonly Rule[];
  readonly notNull: boolean;
  /** PostgreSQL text, made by the translator alone. */
  readonly default: string | null;
  /** PostgreSQL text of a stored generated column; its values are computed by the server and verified like others. */
  readonly generated: string | null;
  /** GENERATED BY DEFAULT AS IDENTITY. */
  readonly identity: boolean;
}

/** A primary key. */
export interface TargetKey {
  readonly name: string;
  readonly columns: readonly string[];
}

/** An index or a UNIQUE constraint. */
export interface TargetIndex {
  readonly name: string;
  readonly unique: boolean;
  readonly method: 'btree' | 'gin';
  /** PostgreSQL text of each part (quoted column or translated expression, with DESC), ready to be joined by commas. */
  readonly parts: readonly string[];
  readonly where: string | null;
  /** A plain UNIQUE of columns becomes a constraint, so that foreign keys can point at it. */
  readonly constraint: boolean;
}

/** A foreign key between two tables of the target schema, by target names. */
export interface TargetForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
  readonly onDelete: ForeignKeyAction;
  readonly onUpdate: ForeignKeyAction;
  readonly deferred: boolean;
}

/** A check that means the same in PostgreSQL. */
export interface TargetCheck {
  readonly source: SourceCheck;
  readonly name: string;
  /** PostgreSQL text, made by the translator alone. */
  readonly expression: string;
}

/** Something of the source's schema that PostgreSQL did not get, in the words of the report. */
export interface NotCreated {
  readonly what: string;
  readonly why: string;
}

// ---- rules ----------------------------------------------------------------------------------------------------

/**
 * What the user may order for a column. Type rules name the type to use; value rules change values, so each value they
 * change is counted and the run ends with exit 4.
 */
export type Rule =
  | { readonly kind: 'type'; readonly type: PgType }
  /** Naive timestamps are wall-clock times of this IANA zone. */
  | { readonly kind: 'zone'; readonly zone: string }
  /** Integers are instants since 1970 in this unit. */
  | { readonly kind: 'epoch'; readonly unit: 's' | 'ms' | 'us' }
  /** NUL characters in text are removed, or replaced by U+FFFD. */
  | { readonly kind: 'nul'; readonly how: 'strip' | 'replace' }
  /** Text that is not UTF-8 is read as ISO 8859-1, or its bad bytes are replaced by U+FFFD. */
  | { readonly kind: 'encoding'; readonly how: 'latin1' | 'replace' }
  /** Empty text becomes NULL. */
  | { readonly kind: 'empty'; readonly how: 'null' }
  /** A value that the column's type cannot hold becomes NULL. */
  | { readonly kind: 'invalid'; readonly how: 'null' };
