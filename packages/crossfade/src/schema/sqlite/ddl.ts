import type { ForeignKeyAction, SourceCheck } from '../model.ts';

/** A CREATE TABLE as written. What a statement leaves out is null or empty here: nothing is resolved against other tables. */
export interface CreateTable {
  readonly name: string;
  readonly columns: readonly CreateColumn[];
  /** Every CHECK, of columns first and of the table after, in the order written. */
  readonly checks: readonly SourceCheck[];
  readonly primaryKey: CreateKey | null;
  readonly autoincrement: boolean;
  readonly uniques: readonly CreateKey[];
  readonly foreignKeys: readonly CreateForeignKey[];
  readonly strict: boolean;
  readonly withoutRowid: boolean;
}

/** A table while it is read; columns and constraints put in what they declare. */
export interface TableDraft {
  readonly columns: CreateColumn[];
  readonly checks: SourceCheck[];
  primaryKey: CreateKey | null;
  autoincrement: boolean;
  readonly uniques: CreateKey[];
  readonly foreignKeys: CreateForeignKey[];
}

/** A column as written. */
export interface CreateColumn {
  readonly name: string;
  /** As written, comments inside included; '' without a type. */
  readonly declared: string;
  readonly notNull: boolean;
  /** The text that `PRAGMA table_xinfo` shows as dflt_value: without the parentheses around an expression. */
  readonly defaultText: string | null;
  /** As written; null where no COLLATE stands, which means BINARY. */
  readonly collation: string | null;
  readonly generated: { readonly expression: string; readonly stored: boolean } | null;
  /** The texts of the CHECKs that stand with this column; they are in the table's `checks` as well. */
  readonly checks: readonly SourceCheck[];
}

/** PRIMARY KEY or UNIQUE. */
export interface CreateKey {
  readonly name: string | null;
  readonly columns: readonly KeyColumn[];
}

/** A column of a key as written. */
export interface KeyColumn {
  readonly column: string;
  readonly collation: string | null;
  readonly descending: boolean;
}

/** A foreign key as written. */
export interface CreateForeignKey {
  readonly name: string | null;
  readonly columns: readonly string[];
  readonly parent: string;
  /** Empty when the statement leaves the parent's columns out. */
  readonly parentColumns: readonly string[];
  readonly onDelete: ForeignKeyAction;
  readonly onUpdate: ForeignKeyAction;
  readonly deferred: boolean;
}

/** A CREATE INDEX as written. */
export interface CreateIndex {
  readonly name: string;
  readonly table: string;
  readonly unique: boolean;
  readonly parts: readonly CreateIndexPart[];
  /** SQL text of the WHERE of a partial index, or null. */
  readonly where: string | null;
}

/** One part of an index as written. */
export interface CreateIndexPart {
  readonly column: string | null;
  /** SQL text without its COLLATE, when the part is not a plain column. */
  readonly expression: string | null;
  /** As written; null where no COLLATE stands, which means that of the column. */
  readonly collation: string | null;
  readonly descending: boolean;
}
