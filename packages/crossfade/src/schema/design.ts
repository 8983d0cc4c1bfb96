import { count, type ColumnEvidence } from './evidence.ts';
import { holds, infer, unheld, type Unheld } from './infer.ts';
import { type DesignLog, type Draft, environmentOf, type TableWishes, wishesOf } from './draft.ts';
import { designRelations } from './design-relations.ts';
import type { NotCreated, PgType, SourceColumn, SourceTable, TargetColumn, TargetTable } from './model.ts';
import { Namespace, type NameStyle } from './naming.ts';
import { translateDefault } from './translate/default.ts';
import { translateGenerated } from './translate/translate.ts';

export interface DesignOptions {
  readonly types: 'rich' | 'plain';
  readonly names: NameStyle;
  readonly gin: boolean;
  readonly wishes: ReadonlyMap<string, TableWishes>;
  /** Names in the target schema that indexes may not have. */
  readonly taken: ReadonlySet<string>;
}

export interface Design {
  readonly tables: readonly TargetTable[];
  readonly notCreated: readonly NotCreated[];
  readonly warnings: readonly string[];
  /** Values that the chosen types cannot hold. */
  readonly unheld: readonly (Unheld & { readonly table: string; readonly column: string; readonly type: PgType })[];
}

/** Tables of the load schema that are not the source's own. */
const reservedTables = ['crossfade:run', 'crossfade:chunk', 'crossfade:withheld'];
const noWishes: TableWishes = { columns: new Map(), without: new Set(), exists: false };

/** Designs the target of all tables together, because foreign keys tie the types of their columns. Pure. */
export function designTables(sources: readonly SourceTable[], evidence: ReadonlyMap<string, readonly ColumnEvidence[]>, options: DesignOptions): Design {
  const log: DesignLog = { notCreated: [], warnings: [] };
  const { names, relations } = nameTables(sources, options);
  const drafts = sources.map((source): Draft => {
    const wishes = options.wishes.get(source.name) ?? noWishes;
    const name = names.get(source.name) as string;
    if (name !== source.name && options.names === 'keep' && wishes.name === undefined) log.warnings.push(`Table ${source.name} is called ${name} in PostgreSQL.`);
    return { source, evidence: evidence.get(source.name) ?? [], wishes, name, columns: [] };
  });
  for (const name of options.taken) relations.reserve(name);
  for (const draft of drafts) draft.columns = designColumns(draft, options, log);
  unifyForeignKeyTypes(drafts);
  for (const draft of drafts) draft.columns = draft.columns.map((column, i) => withExpressions(draft, column, i, log));
  const tables = designRelations(drafts, relations, options.gin, log);
  return { tables, ...log, unheld: drafts.flatMap(unheldOf) };
}

/** The target's name of each table, and the namespace that its indexes will share. */
export function nameTables(sources: readonly SourceTable[], options: Pick<DesignOptions, 'names' | 'wishes'>): { names: Map<string, string>; relations: Namespace } {
  const relations = new Namespace('relation', options.names);
  for (const name of reservedTables) relations.reserve(name);
  for (const { name } of options.wishes.values()) if (name !== undefined) relations.reserve(name);
  const names = new Map(sources.map((source) => [source.name, options.wishes.get(source.name)?.name ?? relations.claim(source.name)]));
  return { names, relations };
}

/** Names and types; expressions come later, because they depend on the types of all columns. */
function designColumns(draft: Draft, options: DesignOptions, log: DesignLog): TargetColumn[] {
  const { source } = draft;
  const names = new Namespace('column', options.names);
  const keyed = keyedColumns(source);
  for (const { name } of draft.wishes.columns.values()) if (name !== undefined) names.reserve(name);
  return source.columns.map((column, i) => {
    const wishes = wishesOf(draft, column);
    const name = wishes.name ?? names.claim(column.name);
    if (name !== column.name && options.names === 'keep' && wishes.name === undefined) log.warnings.push(`Column ${source.name}.${column.name} is called ${name} in PostgreSQL.`);
    const evidence = draft.evidence[i];
    const inferred = infer(column, evidence, { types: options.types, keyed: keyed.has(column.name) });
    const chosen = wishes.type === undefined ? { type: growing(draft, column, inferred.type), why: inferred.why } : { type: wishes.type, why: draft.wishes.exists ? 'the existing column has this type' : 'ordered' };
    return { source: column, name, ...chosen, rules: wishes.rules, notNull: isNotNull(draft, column, i, log), default: null, generated: null, identity: false };
  });
}

/** The rowid alias becomes an identity, whose next value must fit too. */
function growing(draft: Draft, column: SourceColumn, type: PgType): PgType {
  const { source, evidence } = draft;
  if (type !== 'integer' || column.name !== source.rowidAlias) return type;
  return lastIdentity(source, evidence) >= 0x7fffffffn ? 'bigint' : type;
}

/** The highest value that the identity has ever had: AUTOINCREMENT remembers more than the rows. */
export function lastIdentity(source: SourceTable, evidence: readonly ColumnEvidence[]): bigint {
  const position = source.columns.findIndex((column) => column.name === source.rowidAlias);
  const highest = evidence[position]?.integerMax ?? 0n;
  return source.sequence !== null && source.sequence > highest ? source.sequence : highest;
}

function isNotNull(draft: Draft, column: SourceColumn, position: number, log: DesignLog): boolean {
  const { source, evidence } = draft;
  const wanted = column.notNull || column.name === source.rowidAlias || (source.withoutRowid && source.primaryKey.includes(column.name));
  if (!wanted) return false;
  const nullable = count(evidence[position], 'null') > 0 || (wishesOf(draft, column).rules.some((rule) => rule.kind === 'invalid') && count(evidence[position], 'unfit') > 0);
  if (nullable) log.notCreated.push({ what: `NOT NULL of ${source.name}.${column.name}`, why: 'the column holds NULL' });
  return !nullable;
}

/** Columns in which two texts may not become one value. */
function keyedColumns(source: SourceTable): Set<string> {
  const parts = source.indexes.filter((index) => index.unique).flatMap((index) => index.parts.flatMap((part) => part.column ?? []));
  return new Set([...source.primaryKey, ...parts]);
}

/** PostgreSQL wants both sides of a foreign key to be comparable; the wider type that holds both wins, text in the end. */
function unifyForeignKeyTypes(drafts: readonly Draft[]): void {
  const pairs = drafts.flatMap((child) =>
    child.source.foreignKeys.flatMap((key) => {
      const parent = drafts.find((draft) => draft.source.name === key.parent);
      if (parent === undefined || key.parentColumns.length !== key.columns.length) return [];
      return key.columns.map((column, i) => ({ child, childAt: positionOf(child, column), parent, parentAt: positionOf(parent, key.parentColumns[i]) }));
    }),
  );
  // Chains of keys settle within as many rounds as they are long; types only ever grow, so this ends.
  for (let changed = true, round = 0; changed && round <= pairs.length; round++) {
    changed = false;
    for (const { child, childAt, parent, parentAt } of pairs) if (childAt >= 0 && parentAt >= 0 && unify(child, childAt, parent, parentAt)) changed = true;
  }
}

function unify(a: Draft, i: number, b: Draft, j: number): boolean {
  const left = a.columns[i];
  const right = b.columns[j];
  if (left.type === right.type || (isInteger(left.type) && isInteger(right.type))) return false;
  const holdsFor = (draft: Draft, at: number, type: PgType) =>
    wishesOf(draft, draft.source.columns[at]).type === undefined && (count(draft.evidence[at], 'null') === total(draft.evidence[at]) || holds(type, draft.source.columns[at], draft.evidence[at], true));
  for (const type of [left.type, right.type, 'text'] as const) {
    const leftFits = left.type === type || holdsFor(a, i, type);
    const rightFits = right.type === type || holdsFor(b, j, type);
    if (!leftFits || !rightFits) continue;
    if (left.type !== type) a.columns[i] = { ...left, type, why: `${left.why}; ${type} as ${b.source.name}.${right.source.name}, which it refers to` };
    if (right.type !== type) b.columns[j] = { ...right, type, why: `${right.why}; ${type} as ${a.source.name}.${left.source.name}, which refers to it` };
    return true;
  }
  return false;
}

function total(evidence: ColumnEvidence): number {
  return (['null', 'integer', 'real', 'text', 'blob'] as const).reduce((sum, fact) => sum + count(evidence, fact), 0);
}

function isInteger(type: PgType): boolean {
  return type === 'integer' || type === 'bigint';
}

function positionOf(draft: Draft, column: string): number {
  return draft.source.columns.findIndex(({ name }) => name.toLowerCase() === column.toLowerCase());
}

/** Default, generated expression and identity of a column whose neighbours have their types. */
function withExpressions(draft: Draft, column: TargetColumn, position: number, log: DesignLog): TargetColumn {
  const { source } = draft;
  const what = `${source.name}.${column.source.name}`;
  if (column.source.name === source.rowidAlias && isInteger(column.type)) return { ...column, identity: true };
  if (column.source.generated !== null) {
    const translated = translateGenerated(column.source.generated.expression, environmentOf(draft), { type: column.type, declared: column.source.declared });
    if (translated.ok && column.rules.length === 0) return { ...column, generated: translated.sql };
    const why = translated.ok ? 'a rule changes its values' : translated.why;
    log.notCreated.push({ what: `generated expression of ${what} (its values were moved)`, why });
    return column;
  }
  if (column.source.default === null) return column;
  const translated = translateDefault(column.source.default, { type: column.type, declared: draft.source.columns[position].declared });
  if (translated.ok) return { ...column, default: translated.sql === 'NULL' ? null : translated.sql };
  log.notCreated.push({ what: `default of ${what}`, why: translated.why });
  return column;
}

function unheldOf(draft: Draft): Design['unheld'][number][] {
  return draft.columns.flatMap((column, i) => {
    const ordered = wishesOf(draft, column.source).type !== undefined;
    if (column.generated !== null || column.rules.some((rule) => rule.kind === 'invalid')) return [];
    return unheld(column.type, ordered, draft.evidence[i]).map((found) => ({ ...found, table: draft.source.name, column: column.source.name, type: column.type }));
  });
}
