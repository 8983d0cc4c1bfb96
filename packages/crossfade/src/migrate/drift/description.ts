/**
 * A schema as plain data: what two schemas are compared by. Names and expressions are SQL as PostgreSQL prints it, with
 * names of the schema itself unqualified, so that the same schema under another name has the same description.
 */
export interface SchemaDescription {
  readonly schema: string;
  /** Whether owners and grants were read. Descriptions are comparable only if they agree on it. */
  readonly privileges: boolean;
  /** Sorted by kind, table and name, so that equal schemas have equal descriptions, in whatever order they were made. */
  readonly objects: readonly SchemaObject[];
}

/** One object of a schema. `kind`, `on` and `name` together identify it. */
export interface SchemaObject {
  readonly kind: Kind;
  /** Quoted where SQL needs it; functions with the types of their arguments. */
  readonly name: string;
  /** The table, view or domain that it is a part of. */
  readonly on: string | null;
  /** What is compared. Null and false mean that PostgreSQL's default holds. */
  readonly facts: Readonly<Record<string, Fact>>;
  /** What follows from the facts of this or of other objects and helps to write SQL. Not compared. */
  readonly aux: Readonly<Record<string, Fact>>;
}

/** A piece of SQL, a list of such pieces, or a yes or no. */
export type Fact = string | boolean | null | readonly string[];

/** Every kind of object that is seen, in the order in which they can be created. */
export const kinds = [
  'extension',
  'collation',
  'enum',
  'domain',
  'composite type',
  'range type',
  'sequence',
  'function',
  'procedure',
  'aggregate',
  'cast',
  'text search dictionary',
  'text search configuration',
  'table',
  'column',
  'domain constraint',
  'index',
  'constraint',
  'foreign key',
  'view',
  'materialized view',
  'view default',
  'column comment',
  'statistics',
  'rule',
  'trigger',
  'partition trigger',
  'policy',
] as const;

/** One of {@link kinds}. */
export type Kind = (typeof kinds)[number];

/** Where an object stands in its schema, as a key and for people. */
export function keyOf({ kind, on, name }: Pick<SchemaObject, 'kind' | 'on' | 'name'>): string {
  return `${kind} ${on === null ? '' : `${on}.`}${name}`;
}

/** A text fact; the empty text when there is none. */
export function text(fact: Fact | undefined): string {
  return typeof fact === 'string' ? fact : '';
}

/** A list fact; empty when there is none. */
export function list(fact: Fact | undefined): readonly string[] {
  return typeof fact === 'object' && fact !== null ? fact : [];
}
