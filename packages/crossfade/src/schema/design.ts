import { noteCollations } from './collations.ts';
import { given } from '../core/given.ts';
import { count, type ColumnEvidence } from './evidence.ts';
import { unifyForeignKeyTypes } from './foreign-types.ts';
import { infer, type Inferred, unheld, type Unheld } from './infer.ts';
import { type DesignLog, type Draft, environmentOf, type TableWishes, type ColumnWishes, wishesOf } from './draft.ts';
import { designRelations } from './design-relations.ts';
import type { NotCreated, PgType, SourceColumn, SourceTable, TargetColumn, TargetTable } from './model.ts';
import { Namespace, type NameStyle, snakeCase } from './naming.ts';
import { noteOddClocks } from './odd-clocks.ts';
import { translateDefault } from './translate/default.ts';
import { translateGenerated } from './translate/translate.ts';

/** What the user may decide about a design. */
export interface DesignOptions {
  readonly types: 'rich' | 'plain';
  readonly names: NameStyle;
  readonly gin: boolean;
  readonly wishes: ReadonlyMap<string, TableWishes>;
  /** Names in the target schema that indexes may not have. */
  readonly taken: ReadonlySet<string>;
}

/** The target of all tables, with an account of what it leaves out. */
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
export function designTables(
  sources: readonly SourceTable[],
  evidence: ReadonlyMap<string, readonly ColumnEvidence[]>,
  options: DesignOptions,
): Design {
  const log: DesignLog = { notCreated: [], warnings: [] };
  const { names, relations } = nameTables(sources, options);
  const drafts = sources.map((source): Draft => {
    const wishes = options.wishes.get(source.name) ?? noWishes;
    const name = names.get(source.name) as string;
    if (wishes.name === undefined)
      noteRenamed(`Table ${JSON.stringify(source.name)}`, source.name, name, options.names, log);
    return { source, evidence: evidence.get(source.name) ?? [], wishes, name, columns: [], leftOut: new Set() };
  });
  for (const name of options.taken) relations.reserve(name);
  for (const draft of drafts) draft.columns = designColumns(draft, options, log);
  unifyForeignKeyTypes(drafts);
  for (const draft of drafts) draft.columns = draft.columns.map((column, i) => withExpressions(draft, column, i, log));
  const tables = designRelations(drafts, relations, options.gin, log);
  for (const draft of drafts) noteCollations(draft, log);
  for (const draft of drafts) noteOddClocks(draft, log);
  return { tables, ...log, unheld: drafts.flatMap(unheldOf) };
}

/** The target's name of each table, and the namespace that its indexes will share. */
export function nameTables(
  sources: readonly SourceTable[],
  options: Pick<DesignOptions, 'names' | 'wishes'>,
): { names: Map<string, string>; relations: Namespace } {
  const relations = new Namespace('relation', options.names);
  for (const name of reservedTables) relations.reserve(name);
  for (const { name } of options.wishes.values()) if (name !== undefined) relations.reserve(name);
  const names = new Map(
    sources.map((source) => [source.name, options.wishes.get(source.name)?.name ?? relations.claim(source.name)]),
  );
  return { names, relations };
}

/** A name that is neither as it was nor what the style makes of it: too long, taken, or PostgreSQL's own. */
function noteRenamed(what: string, source: string, name: string, style: NameStyle, log: DesignLog): void {
  if (name !== (style === 'snake' ? snakeCase(source) : source))
    log.warnings.push(`${what} is called ${JSON.stringify(name)} in PostgreSQL.`);
}

/** The target's name of each column of a table. */
export function nameColumns(
  source: SourceTable,
  wishes: ReadonlyMap<string, ColumnWishes>,
  style: NameStyle,
): Map<string, string> {
  const names = new Namespace('column', style);
  for (const { name } of wishes.values()) if (name !== undefined) names.reserve(name);
  return new Map(
    source.columns.map((column) => [column.name, wishes.get(column.name)?.name ?? names.claim(column.name)]),
  );
}

/** Names and types; expressions come later, because they depend on the types of all columns. */
function designColumns(draft: Draft, options: DesignOptions, log: DesignLog): TargetColumn[] {
  const { source } = draft;
  const names = nameColumns(source, draft.wishes.columns, options.names);
  const keyed = keyedColumns(source);
  return source.columns.map((column, i) => {
    const wishes = wishesOf(draft, column);
    const name = names.get(column.name) as string;
    if (wishes.name === undefined)
      noteRenamed(`Column ${JSON.stringify(`${source.name}.${column.name}`)}`, column.name, name, options.names, log);
    const evidence = draft.evidence[i];
    noteOverruled(draft, column, wishes, log);
    const zone = wishes.rules.find((rule) => rule.kind === 'zone')?.zone;
    const inferred = infer(column, evidence, {
      types: options.types,
      keyed: keyed.has(column.name),
      ...given('zone', zone),
    });
    const chosen =
      wishes.type === undefined
        ? { type: growing(draft, column, inferred.type), why: inferred.why }
        : { type: wishes.type, why: orderedWhy(draft, wishes.type, inferred) };
    noteSpelled(draft, column, chosen.type, log);
    return {
      source: column,
      name,
      ...chosen,
      rules: wishes.rules,
      notNull: isNotNull(draft, column, i, log),
      default: null,
      generated: null,
      identity: false,
    };
  });
}

/** A table that stands in the target keeps its types, whatever a rule or plan says; that is said. */
function noteOverruled(draft: Draft, column: SourceColumn, wishes: ColumnWishes, log: DesignLog): void {
  const asked = wishes.rules.findLast((rule) => rule.kind === 'type')?.type;
  if (!draft.wishes.exists || asked === undefined || asked === wishes.type) return;
  const what = JSON.stringify(`${draft.source.name}.${column.name}`);
  log.warnings.push(
    `Column ${what} was to become ${asked}, but it stands in the target already and takes ${wishes.type}.`,
  );
}

/** A text that stands beside numbers or objects is laid with its quotation marks, which only JSON takes off again. */
function noteSpelled({ source }: Draft, { name, member }: SourceColumn, type: PgType, log: DesignLog): void {
  if (member?.form !== 'json' || type === 'json' || type === 'jsonb') return;
  log.warnings.push(
    `Column ${JSON.stringify(`${source.name}.${name}`)} is of several kinds of values in the documents, or of objects: as ${type} it holds them as JSON spells them, texts in quotation marks, and an export gives that spelling back. Make it jsonb or json to keep the values.`,
  );
}

function orderedWhy(draft: Draft, type: PgType, inferred: Inferred): string {
  if (type === inferred.type) return inferred.why;
  const by = draft.wishes.exists ? 'the existing column has this type' : 'ordered by a rule or the plan';
  return `${by}; inferred was ${inferred.type}: ${inferred.why}`;
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
  const wanted =
    column.notNull ||
    column.name === source.rowidAlias ||
    (source.withoutRowid && source.primaryKey.includes(column.name));
  if (!wanted) return false;
  const nullable =
    count(evidence[position], 'null') > 0 ||
    (wishesOf(draft, column).rules.some((rule) => rule.kind === 'invalid') && count(evidence[position], 'unfit') > 0);
  if (nullable)
    log.notCreated.push({ what: `NOT NULL of ${source.name}.${column.name}`, why: 'the column holds NULL' });
  return !nullable;
}

/** Columns in which two texts may not become one value. */
function keyedColumns(source: SourceTable): Set<string> {
  const parts = source.indexes
    .filter((index) => index.unique)
    .flatMap((index) => index.parts.flatMap((part) => part.column ?? []));
  return new Set([...source.primaryKey, ...parts]);
}

function isInteger(type: PgType): boolean {
  return type === 'integer' || type === 'bigint';
}

/** Default, generated expression and identity of a column whose neighbours have their types. */
function withExpressions(draft: Draft, column: TargetColumn, position: number, log: DesignLog): TargetColumn {
  const { source } = draft;
  const what = `${source.name}.${column.source.name}`;
  if (column.source.name === source.rowidAlias && isInteger(column.type)) return { ...column, identity: true };
  if (column.source.generated !== null) {
    const translated = translateGenerated(column.source.generated.expression, environmentOf(draft), {
      type: column.type,
      declared: column.source.declared,
    });
    if (translated.ok && column.rules.length === 0) return { ...column, generated: translated.sql };
    const why = translated.ok ? 'a rule changes its values' : translated.why;
    log.notCreated.push({ what: `generated expression of ${what} (its values were moved)`, why });
    return column;
  }
  if (column.source.default === null) return column;
  const translated = translateDefault(column.source.default, {
    type: column.type,
    declared: draft.source.columns[position].declared,
  });
  if (translated.ok) return { ...column, default: translated.sql };
  log.notCreated.push({ what: `default of ${what}`, why: translated.why });
  return column;
}

function unheldOf(draft: Draft): Design['unheld'][number][] {
  return draft.columns.flatMap((column, i) => {
    const ordered = wishesOf(draft, column.source).type !== undefined;
    if (column.generated !== null || column.rules.some((rule) => rule.kind === 'invalid')) return [];
    return unheld(column.type, ordered, draft.evidence[i]).map((found) => ({
      ...found,
      table: draft.source.name,
      column: column.source.name,
      type: column.type,
    }));
  });
}
