import { ident, literal } from '../../core/sql-text.ts';
import { type Kind, list, type SchemaDescription, type SchemaObject, text } from './description.ts';

/** How one kind of object is written. Every list holds whole statements without their semicolon. */
export interface Grammar {
  /** Brings the object into being, with all its facts but comment, owner and grants. `among` is the whole schema. */
  readonly create: (object: SchemaObject, among: SchemaDescription) => readonly string[];
  readonly drop: (object: SchemaObject) => readonly string[];
  /** Said with a drop that takes data along. */
  readonly loses?: string;
  /** The statements that change one fact from what `live` has to what `files` has; null where PostgreSQL has none. */
  readonly alter: Readonly<Record<string, (files: SchemaObject, live: SchemaObject) => readonly string[] | null>>;
  /** True where dropping and creating anew loses nothing, so that it may stand for a missing ALTER. */
  readonly renewable: boolean;
  /** As COMMENT ON, ALTER ... OWNER TO and GRANT ... ON want the object. */
  readonly address: (object: SchemaObject) => string;
}

/** For kinds of which every change is a new one. */
export const noAlter = {};

/** `KIND name`, as most statements address an object. */
export function plainAddress(word: string): (object: SchemaObject) => string {
  return ({ name }) => `${word} ${name}`;
}

/** `KIND name ON table`. */
export function partAddress(word: string): (object: SchemaObject) => string {
  return ({ name, on }) => `${word} ${name} ON ${on ?? ''}`;
}

/** `ALTER TABLE its-table` and the rest. */
export function alterTable({ on }: SchemaObject, rest: string): string {
  return `ALTER TABLE ${on ?? ''} ${rest}`;
}

/** The clauses of `files` that `live` lacks, or has otherwise. */
export function changedClauses(fact: string, files: SchemaObject, live: SchemaObject): string[] {
  const had = new Set(list(live.facts[fact]));
  return list(files.facts[fact]).filter((clause) => !had.has(clause));
}

/** `SET (a=b)` and `RESET (c)`, as storage parameters of tables and views and options of columns change. */
export function changedOptions(files: SchemaObject, live: SchemaObject, fact = 'options'): string[] {
  const names = list(files.facts[fact]).map((option) => option.split('=')[0]);
  const gone = list(live.facts[fact]).map((option) => option.split('=')[0] ?? '');
  const reset = gone.filter((option) => !names.includes(option));
  const set = changedClauses(fact, files, live).map(optionText);
  return [
    ...(set.length > 0 ? [`SET (${set.join(', ')})`] : []),
    ...(reset.length > 0 ? [`RESET (${reset.join(', ')})`] : []),
  ];
}

/** `OPTIONS (ADD a 'x', SET b 'y', DROP c)`, as foreign tables and their columns take it. */
export function changedForeignOptions(files: SchemaObject, live: SchemaObject): string[] {
  const fact = 'foreign options';
  const nameOf = (option: string): string => option.slice(0, option.indexOf('='));
  const [names, had] = [list(files.facts[fact]).map(nameOf), list(live.facts[fact]).map(nameOf)];
  const set = changedClauses(fact, files, live).map((option) => {
    const name = nameOf(option);
    return `${had.includes(name) ? 'SET' : 'ADD'} ${ident(name)} ${literal(option.slice(name.length + 1)).trim()}`;
  });
  const changes = [...had.filter((name) => !names.includes(name)).map((name) => `DROP ${ident(name)}`), ...set];
  return changes.length === 0 ? [] : [`OPTIONS (${changes.join(', ')})`];
}

/** `fillfactor=70` as SQL takes it: the value quoted, since the catalog keeps it bare. */
export function optionText(option: string): string {
  const at = option.indexOf('=');
  return at < 0 ? option : `${option.slice(0, at)}=${literal(option.slice(at + 1)).trim()}`;
}

/** Facts that every kind has, with the statements that set them. */
export function alterShared(
  fact: string,
  address: string,
  files: SchemaObject,
  live: SchemaObject | null,
): readonly string[] | null {
  if (fact === 'comment') {
    const said = files.facts.comment;
    return [`COMMENT ON ${address} IS ${typeof said === 'string' ? literal(said).trim() : 'NULL'}`];
  }
  if (fact === 'owner') return [`ALTER ${address} OWNER TO ${text(files.facts.owner)}`];
  if (fact !== 'grants') return null;
  const [wanted, held] = [list(files.facts.grants), list(live?.facts.grants)];
  const where = grantee(files.kind, address, files);
  const revoked = held.filter((grant) => !wanted.includes(grant)).map((grant) => splitGrant(grant));
  const given = wanted.filter((grant) => !held.includes(grant)).map((grant) => splitGrant(grant));
  return [
    ...revoked.map(([right, to]) => `REVOKE ${where(right)} FROM ${to.replace(/ WITH GRANT OPTION$/, '')}`),
    ...given.map(([right, to]) => `GRANT ${where(right)} TO ${to}`),
  ];
}

function splitGrant(grant: string): readonly [right: string, to: string] {
  const at = grant.indexOf(' TO ');
  return [grant.slice(0, at), grant.slice(at + 4)];
}

/** GRANT knows views as tables and every type as TYPE, and a column by its table. */
function grantee(kind: Kind, address: string, { name, on }: SchemaObject): (right: string) => string {
  if (kind === 'column') return (right) => `${right} (${name}) ON TABLE ${on ?? ''}`;
  const words: Partial<Record<Kind, string>> = {
    view: 'TABLE',
    'materialized view': 'TABLE',
    table: 'TABLE',
    enum: 'TYPE',
    domain: 'TYPE',
    'composite type': 'TYPE',
    'range type': 'TYPE',
    aggregate: 'FUNCTION',
  };
  const word = words[kind];
  return (right) => `${right} ON ${word === undefined ? address : `${word} ${name}`}`;
}
