import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import type { LoadTable } from './load-chunk.ts';
import type { Rule, SourceTable } from '../schema/model.ts';
import { parseRule, ruleText } from '../schema/rules.ts';
import type { VerifyTable } from '../verify/verify.ts';
import { type Choice, choose } from './choice.ts';
import { type ListedRow, listedRows } from './listed-rows.ts';
import { pairColumns } from './pairing.ts';
import { checkHead, type RejectHead, type RejectList } from './rejects.ts';
import type { OpenSource } from './source.ts';
import { type ExistingTable, readTargetSchema } from './target-tables.ts';
import { type PairedColumn, verifyTable } from './verify-table.ts';

/** A table with rows in the list, on both sides. */
export interface RetryTable {
  readonly source: SourceTable;
  readonly target: string;
  readonly columns: readonly PairedColumn[];
  readonly existing: ExistingTable;
  readonly table: VerifyTable;
  readonly rejects: readonly ListedRow[];
  /** Type rules that the table as it stands does not follow, in sentences. */
  readonly overruled: readonly string[];
}

/** What a retry is told about names and values. */
export interface RetryWishes {
  readonly rules?: readonly string[];
  readonly plan?: string;
}

/**
 * Finds the tables of the list on both sides, parents before their children. Names and rules are those that the list
 * remembers of the move, or those of a plan in their place, with the rules of the command line on top.
 *
 * @throws CrossfadeError E_REJECTS_INVALID, E_RULE_INVALID, E_PLAN_INVALID, E_TARGET_MISMATCH
 */
export async function retryTables(
  client: pg.Client,
  source: OpenSource,
  list: RejectList,
  schema: string,
  wishes: RetryWishes,
): Promise<RetryTable[]> {
  checkHead(list, source.catalog.tables);
  const listed = listedRows(source, list);
  const choice = await choose(source, wishes);
  const mapped = list.head.tables.map((remembered) => {
    const table = choice.tables.find(({ name }) => name === remembered.source);
    if (table === undefined) throw leftOut(remembered.source);
    const planned = wishes.plan !== undefined;
    return {
      table,
      target: planned ? (choice.names.get(table.name) as string) : remembered.target,
      columns: planned ? pairColumns(table, choice, 'keep') : rememberedColumns(remembered, table, choice),
    };
  });
  const found = await readTargetSchema(client, schema, new Set(mapped.map(({ target }) => target)));
  const tables = mapped.map(({ table, target, columns }): RetryTable => {
    const existing = found.tables.get(target);
    if (existing === undefined) throw mismatch(schema, target, 'there is no such table');
    const { columns: kept, overruled } = withoutOverruled(table.name, columns, existing);
    const paired = verifyTable(table, kept, schema, existing);
    if (typeof paired === 'string') throw mismatch(schema, target, paired);
    const rejects = listed.filter((row) => row.table === table.name);
    return { source: table, target, columns: kept, existing, table: paired, rejects, overruled };
  });
  return parentsFirst(tables);
}

/** The columns that COPY writes, by position, into a table whose columns are called c0, c1, ... */
export function stagedTable(place: string, { columns, existing, target, table }: RetryTable): LoadTable {
  const staged = columns.flatMap((column, position) => {
    const stands = existing.columns.find(({ name }) => name === column.target);
    if (stands === undefined || stands.generated) return [];
    if (stands.type === null)
      throw mismatch(
        table.target.schema,
        target,
        `its column ${column.target} has type ${stands.typeName}, into which nothing is moved`,
      );
    // Nobody has looked at these values since they were mended: each one is examined.
    const { source, rules } = column;
    return [{ name: `c${position}`, source, position, type: stands.type, rules, checked: true }];
  });
  return { schema: 'pg_temp', name: place, columns: staged, known: columns.map(() => null) };
}

/** Type rules change no table that stands: those that ask for another type are taken out, and that is said. */
function withoutOverruled(
  table: string,
  columns: readonly PairedColumn[],
  existing: ExistingTable,
): { columns: PairedColumn[]; overruled: string[] } {
  const overruled: string[] = [];
  const kept = columns.map((column) => {
    const stands = existing.columns.find(({ name }) => name === column.target)?.type;
    const isOther = (rule: Rule): boolean => rule.kind === 'type' && rule.type !== stands;
    for (const rule of column.rules.filter(isOther)) {
      const what = JSON.stringify(`${table}.${column.source}`);
      overruled.push(
        `Column ${what} was to become ${ruleText(rule)}, but it stands in the target already and takes ${stands ?? 'another type'}.`,
      );
    }
    return { ...column, rules: column.rules.filter((rule) => !isOther(rule)) };
  });
  return { columns: kept, overruled };
}

function rememberedColumns(listed: RejectHead['tables'][number], table: SourceTable, choice: Choice): PairedColumn[] {
  return table.columns.map(({ name }) => {
    const column = listed.columns.find((known) => known.source === name) as (typeof listed.columns)[number];
    const added = choice.wishes.get(table.name)?.columns.get(name)?.rules ?? [];
    return { source: name, target: column.target, rules: lastOfEach([...column.rules.map(parseRule), ...added]) };
  });
}

/** Of two rules of a kind the later one counts: a retry may try another one than the move did. */
function lastOfEach(rules: readonly Rule[]): Rule[] {
  return [...new Map(rules.map((rule) => [rule.kind, rule])).values()];
}

/** So that a row finds its parent; tables in a circle have no order, and their keys are put off. */
function parentsFirst(tables: readonly RetryTable[]): RetryTable[] {
  const ordered = new Set<RetryTable>();
  const visiting = new Set<RetryTable>();
  const visit = (table: RetryTable): void => {
    if (visiting.has(table)) return;
    visiting.add(table);
    for (const { parent } of table.source.foreignKeys)
      for (const other of tables) if (other.source.name === parent) visit(other);
    ordered.add(table);
  };
  tables.forEach(visit);
  return [...ordered];
}

function leftOut(table: string): CrossfadeError {
  return new CrossfadeError(
    'E_PLAN_INVALID',
    `The plan leaves out table ${JSON.stringify(table)}, and the list names rows of it. Nothing was inserted. Retry with the plan of the move, or without one.`,
    { table },
  );
}

function mismatch(schema: string, table: string, why: string): CrossfadeError {
  return new CrossfadeError(
    'E_TARGET_MISMATCH',
    `The listed rows belong into ${schema}.${table}, and ${why}. Nothing was inserted. Name the server and the schema of the move with --to and --schema.`,
    { schema, table },
  );
}
