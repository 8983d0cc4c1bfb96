import type { Rule, SourceTable, TargetTable } from '../schema/model.ts';
import type { VerifyTable } from '../verify/verify.ts';
import type { ExistingTable } from './target-tables.ts';

/** A column on both sides, with the rules that its values passed. */
export interface PairedColumn {
  readonly source: string;
  readonly target: string;
  readonly rules: readonly Rule[];
}

/** The columns of a designed table on both sides. */
export function designedColumns({ columns }: TargetTable): PairedColumn[] {
  return columns.map(({ source, name, rules }) => ({ source: source.name, target: name, rules }));
}

/**
 * What verification needs to know of a table, with the types that the target really has, whatever was planned. A
 * string instead of it names the column that the target lacks.
 */
export function verifyTable(
  source: SourceTable,
  columns: readonly PairedColumn[],
  schema: string,
  existing: ExistingTable,
): VerifyTable | string {
  const byName = new Map(existing.columns.map((column) => [column.name, column]));
  const absent = columns.find(({ target }) => !byName.has(target));
  if (absent !== undefined) return `${schema}.${existing.name} has no column ${absent.target}`;
  return {
    source: source.name,
    target: { schema, name: existing.name, partitioned: existing.partitioned },
    columns: columns.flatMap((column) => {
      const found = byName.get(column.target);
      return found === undefined ? [] : [{ ...column, typeOid: found.typeOid, typeName: found.typeName }];
    }),
    key: source.primaryKey.map((name) => source.columns.findIndex((column) => column.name === name)),
  };
}
