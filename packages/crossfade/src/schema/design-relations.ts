import { foldName } from './sqlite/sqlite.ts';
import { limits } from '../core/limits.ts';
import { ident } from '../core/sql-text.ts';
import { count } from './evidence.ts';
import { type DesignLog, type Draft, environmentOf, wishesOf } from './draft.ts';
import type {
  SourceForeignKey,
  SourceIndex,
  TargetCheck,
  TargetForeignKey,
  TargetIndex,
  TargetKey,
  TargetTable,
} from './model.ts';
import { Namespace } from './naming.ts';
import { indexPart, translateExpression } from './translate/translate.ts';

/** Keys, indexes, checks and foreign keys of all tables: what can be made, with a line in the log for what cannot. */
export function designRelations(
  drafts: readonly Draft[],
  relations: Namespace,
  gin: boolean,
  log: DesignLog,
): TargetTable[] {
  const tables = drafts.map((draft): TargetTable => {
    const base = { source: draft.source, name: draft.name, columns: draft.columns };
    // A table that was there before keeps its own keys and indexes.
    if (draft.wishes.exists) {
      log.warnings.push(
        `Table ${JSON.stringify(draft.name)} was there before and keeps its own keys, indexes, checks and defaults; those of the source were not made.`,
      );
      return { ...base, primaryKey: null, indexes: [], foreignKeys: [], checks: [] };
    }
    const constraints = new Namespace('relation', 'keep');
    const primaryKey = designKey(draft, relations, log);
    const indexes = [...designIndexes(draft, relations, log), ...designGin(draft, relations, gin)];
    for (const { name } of [...(primaryKey === null ? [] : [primaryKey]), ...indexes]) constraints.reserve(name);
    return { ...base, primaryKey, indexes, foreignKeys: [], checks: designChecks(draft, constraints, log) };
  });
  const related = tables.map((table, i) =>
    drafts[i].wishes.exists ? table : { ...table, foreignKeys: designForeignKeys(drafts[i], drafts, tables, log) },
  );
  for (const { source, wishes, leftOut } of drafts)
    for (const name of wishes.without)
      if (!wishes.exists && !leftOut.has(name))
        log.warnings.push(
          `The plan leaves out ${JSON.stringify(name)} of ${JSON.stringify(source.name)}, which has no index, check or foreign key of this name.`,
        );
  return related;
}

/** A key with NULLs in it, which SQLite allows by an old mistake, becomes a unique index. */
function designKey(draft: Draft, relations: Namespace, log: DesignLog): TargetKey | null {
  const { source } = draft;
  if (source.primaryKey.length === 0) return null;
  const positions = source.primaryKey.map((key) => source.columns.findIndex((column) => column.name === key));
  const withNull = positions.filter((at) => count(draft.evidence[at], 'null') > 0);
  const name = relations.claim(`${draft.name}_pkey`);
  const impossible = impossibleKey(positions.map((at) => draft.columns[at].type));
  if (impossible !== null) {
    log.notCreated.push({ what: `primary key of ${source.name}`, why: impossible });
    return null;
  }
  if (withNull.length === 0) return { name, columns: positions.map((at) => draft.columns[at].name) };
  log.notCreated.push({
    what: `primary key of ${source.name}`,
    why: `${withNull.map((at) => source.columns[at].name).join(', ')} holds NULL; a unique index stands in its place`,
  });
  return null;
}

/** Why PostgreSQL would refuse a key of these types even without rows, or null. */
function impossibleKey(types: readonly string[]): string | null {
  if (types.includes('json')) return 'json has no order, so that no index can be made of it';
  return types.length > limits.indexColumnsMax ? tooManyColumns : null;
}

const tooManyColumns = `it has more than the ${limits.indexColumnsMax} columns that PostgreSQL takes in one index`;

function designIndexes(draft: Draft, relations: Namespace, log: DesignLog): TargetIndex[] {
  return draft.source.indexes.flatMap((index) => {
    const isKey = index.origin === 'pk';
    const keyHasNull = draft.source.primaryKey.some(
      (key) => count(draft.evidence[draft.source.columns.findIndex((column) => column.name === key)], 'null') > 0,
    );
    const folds = index.parts.some((part) => part.collation !== 'BINARY');
    if (isKey && !keyHasNull && !folds) return [];
    const columns = index.parts.map((part) => part.column ?? 'expr').join('_');
    const wished = index.origin === 'create' ? index.name : `${draft.name}_${columns}_${folds ? 'ci_' : ''}key`;
    const constraint = index.unique && index.origin === 'unique' && !folds && index.where === null;
    const name = relations.claim(wished);
    if (isUnwanted(draft, name, index.name)) return [];
    if (index.origin === 'create' && name !== wished)
      log.warnings.push(`Index ${JSON.stringify(index.name)} is called ${JSON.stringify(name)} in PostgreSQL.`);
    const designed = designIndex(draft, index, constraint);
    if (typeof designed === 'string') {
      log.notCreated.push({
        what: `${index.unique ? 'unique ' : ''}index ${index.name} of ${draft.source.name}`,
        why: designed,
      });
      return [];
    }
    return [{ name, unique: index.unique, method: 'btree' as const, constraint, ...designed }];
  });
}

/** The parts and the condition of an index, or the reason why it cannot be made. */
function designIndex(
  draft: Draft,
  index: SourceIndex,
  constraint: boolean,
): Pick<TargetIndex, 'parts' | 'where'> | string {
  if (index.parts.length > limits.indexColumnsMax) return tooManyColumns;
  const columns = environmentOf(draft);
  const parts: string[] = [];
  for (const part of index.parts) {
    // A constraint has no order of its own.
    const translated = indexPart(constraint ? { ...part, descending: false } : part, columns);
    if (!translated.ok) return translated.why;
    parts.push(translated.sql);
  }
  if (index.where === null) return { parts, where: null };
  const where = translateExpression(index.where, { columns, purpose: 'where' });
  return where.ok ? { parts, where: where.sql } : `its condition: ${where.why}`;
}

function designGin(draft: Draft, relations: Namespace, all: boolean): TargetIndex[] {
  return draft.columns
    .filter((column) => column.type === 'jsonb' && (all || wishesOf(draft, column.source).gin))
    .map((column) => ({
      name: relations.claim(`${draft.name}_${column.name}_gin`),
      unique: false,
      method: 'gin',
      parts: [ident(column.name)],
      where: null,
      constraint: false,
    }));
}

function designChecks(draft: Draft, constraints: Namespace, log: DesignLog): TargetCheck[] {
  return draft.source.checks.flatMap((check, i) => {
    const label = check.name ?? String(i + 1);
    const name = constraints.claim(check.name ?? `${draft.name}_check${i + 1}`);
    if (isUnwanted(draft, name, label)) return [];
    const translated = translateExpression(check.expression, { columns: environmentOf(draft), purpose: 'check' });
    if (translated.ok) return [{ source: check, name, expression: translated.sql }];
    log.notCreated.push({ what: `check ${label} of ${draft.source.name}`, why: translated.why });
    return [];
  });
}

function designForeignKeys(
  draft: Draft,
  drafts: readonly Draft[],
  tables: readonly TargetTable[],
  log: DesignLog,
): TargetForeignKey[] {
  const names = new Namespace('relation', 'keep');
  for (const check of tables[drafts.indexOf(draft)].checks) names.reserve(check.name);
  return draft.source.foreignKeys.flatMap((key) => {
    const columns = key.columns.map((column) => targetName(draft, column));
    const wished = key.name ?? `${draft.name}_${columns.join('_')}_fkey`;
    const name = names.claim(wished);
    if (isUnwanted(draft, name, wished)) return [];
    const parent = drafts.find((other) => other.source.name === key.parent);
    const why =
      parent === undefined
        ? `its parent table ${key.parent} was not moved`
        : obstacle(draft, key, parent, tables[drafts.indexOf(parent)]);
    if (parent !== undefined && why === null) {
      return [
        {
          name,
          columns,
          parent: parent.name,
          parentColumns: key.parentColumns.map((column) => targetName(parent, column)),
          onDelete: key.onDelete,
          onUpdate: key.onUpdate,
          deferred: key.deferred,
        },
      ];
    }
    log.notCreated.push({ what: `foreign key ${wished} of ${draft.source.name}`, why: why ?? 'unknown' });
    return [];
  });
}

/** The plan says `create: false` by the target's name; a hand-written one may use the source's. */
function isUnwanted(draft: Draft, target: string, source: string): boolean {
  const names = [target, source].filter((name) => draft.wishes.without.has(name));
  for (const name of names) draft.leftOut.add(name);
  return names.length > 0;
}

/** Why PostgreSQL would refuse the key whatever the rows are, or null. */
function obstacle(draft: Draft, key: SourceForeignKey, parent: Draft, parentTable: TargetTable): string | null {
  if (key.parentColumns.length !== key.columns.length)
    return `it names ${key.columns.length} columns, its parent's key has ${key.parentColumns.length}`;
  const parentNames = key.parentColumns.map((column) => targetName(parent, column));
  if (key.parentColumns.some((column) => typeOf(parent, column) === null))
    return `its parent ${key.parent} has no such column`;
  const folded = key.parentColumns.find((column) => collationOf(parent, column) !== 'BINARY');
  if (folded !== undefined) {
    return `${key.parent}.${folded} compares by ${collationOf(parent, folded)}, and PostgreSQL's foreign keys compare exactly`;
  }
  const sets = [
    parentTable.primaryKey?.columns ?? [],
    ...parentTable.indexes.filter((index) => index.unique && index.where === null).map((index) => index.parts),
  ];
  const wanted = [...parentNames].sort().join('\0');
  const quoted = parentNames.map(ident).sort().join('\0');
  // The keys of a table that was there before are not known here; PostgreSQL decides.
  const unique =
    parent.wishes.exists || sets.some((columns) => [wanted, quoted].includes([...columns].sort().join('\0')));
  if (!unique) return `the columns it refers to are not unique in ${key.parent}`;
  const clash = key.columns.findIndex(
    (column, i) => !comparable(typeOf(draft, column), typeOf(parent, key.parentColumns[i])),
  );
  return clash < 0
    ? null
    : `${key.columns[clash]} is ${typeOf(draft, key.columns[clash])} and ${key.parent}.${key.parentColumns[clash]} is ${typeOf(parent, key.parentColumns[clash])}`;
}

function comparable(a: string | null, b: string | null): boolean {
  const family = (type: string | null) => (type === 'integer' || type === 'bigint' ? 'integer' : type);
  return family(a) === family(b);
}

function collationOf(draft: Draft, column: string): string {
  const found = draft.source.columns.find(({ name }) => foldName(name) === foldName(column));
  return (found?.collation ?? 'BINARY').toUpperCase();
}

function typeOf(draft: Draft, column: string): string | null {
  return draft.columns.find(({ source }) => foldName(source.name) === foldName(column))?.type ?? null;
}

function targetName(draft: Draft, column: string): string {
  return draft.columns.find(({ source }) => foldName(source.name) === foldName(column))?.name ?? column;
}
