import { printable } from '../core/printable.ts';
import { ident } from '../core/sql-text.ts';
import { addForeignKey, columnParts, createTableHead, type DdlStep, finishTable, qualified } from './ddl.ts';
import { saysSame } from './declared.ts';
import type { Design } from './design.ts';
import type { NotMoved, TargetColumn, TargetTable } from './model.ts';

/** What a script is made of. */
export interface ScriptOf {
  readonly schema: string;
  readonly design: Design;
  readonly notMoved: readonly NotMoved[];
  /** Rows of each table that were looked at, by its name in the target. */
  readonly rows: ReadonlyMap<string, number>;
  /** Steps that cannot stand in empty tables that a move is to fill, by {@link stepKey}, with why. */
  readonly late: ReadonlyMap<string, Late>;
  /** The command that fills the tables, as a user types it. */
  readonly fillWith: string;
}

/** Why a step comes after the rows. */
export interface Late {
  readonly why: string;
  /** Rows that are there break it, so it holds for new rows alone. */
  readonly notValid: boolean;
}

/** One migration: what makes it and what undoes it. */
export interface Script {
  readonly up: string;
  readonly down: string;
}

/** A schema as SQL files. */
export interface Scripts {
  readonly tables: Script;
  /** What may only be made once the rows are there; null when nothing has to wait. */
  readonly later: Script | null;
}

/** Names a step within a design. */
export function stepKey(table: string, name: string): string {
  return `${table}\0${name}`;
}

/**
 * The schema of a design as text for people, from the same DDL that a move runs: one table after the other with its key,
 * indexes and checks, then the foreign keys, because they may form circles. Every file runs in one transaction.
 */
export function migrationScripts(of: ScriptOf): Scripts {
  const steps = of.design.tables.flatMap((table) => stepsOf(of.schema, table));
  const late = steps.filter(({ key }) => of.late.has(key));
  return {
    tables: { up: tablesUp(of), down: tablesDown(of) },
    later: late.length === 0 ? null : { up: laterUp(of, late), down: laterDown(of, late) },
  };
}

interface KeyedStep {
  readonly key: string;
  readonly table: TargetTable;
  readonly step: DdlStep;
  readonly foreign: boolean;
}

function stepsOf(schema: string, table: TargetTable): KeyedStep[] {
  const own = finishTable(schema, table);
  const foreign = table.foreignKeys.map((key) => addForeignKey(schema, table, key, schema));
  return [...own, ...foreign].map((step, i) => ({
    key: stepKey(table.name, step.exists.name),
    table,
    step,
    foreign: i >= own.length,
  }));
}

function tablesUp(of: ScriptOf): string {
  const { schema, design, late, rows, fillWith } = of;
  const early = design.tables.flatMap((table) => stepsOf(schema, table)).filter(({ key }) => !late.has(key));
  const head = [
    'The schema that a move makes of this source. Run it on a database without these tables, then fill them with:',
    `  ${fillWith}`,
    ...(late.size === 0
      ? []
      : ['and run the next migration after that: it holds what these rows do not allow before.']),
  ];
  const tables = design.tables.map((table) => [
    comment(`${table.name}: ${rows.get(table.name) ?? 0} rows looked at`),
    tableText(schema, table),
    ...early.filter((step) => step.table === table && !step.foreign).map(({ step }) => `${step.sql};`),
  ]);
  const foreign = early.filter((step) => step.foreign).map(({ step }) => `${step.sql};`);
  return page([
    head.map(comment),
    ...(schema === 'public' ? [] : [[`CREATE SCHEMA IF NOT EXISTS ${ident(schema)};`]]),
    ...tables,
    foreign.length === 0 ? [] : [comment('Foreign keys, now that every table stands'), ...foreign],
    account(of),
  ]);
}

/** A column a line, names and types in columns of their own. */
function tableText(schema: string, table: TargetTable): string {
  const all = table.columns.map(columnParts);
  const [names, types] = [0, 1].map((at) => Math.max(...all.map((parts) => [...parts[at]].length)));
  const lines = all.flatMap(([name, type, ...rest], i) => {
    const text = `${pad(name, names)} ${pad(type, types)} ${rest.join(' ')}`.trimEnd();
    return [...evidenceOf(table.columns[i]), `  ${text}${i + 1 < all.length ? ',' : ''}`];
  });
  return [createTableHead(schema, table), ...lines, ');'].join('\n');
}

function evidenceOf(column: TargetColumn): string[] {
  const { declared } = column.source;
  if (saysSame(declared, column.type)) return [];
  return [`  ${comment(`${declared === '' ? 'no type declared' : `declared ${declared}`}: ${column.why}`)}`];
}

/** What the files do not make, for whoever reads them. */
function account({ design, notMoved }: ScriptOf): string[] {
  const lines = [
    ...design.notCreated.map(({ what, why }) => `not made: ${what}: ${why}`),
    ...notMoved.map(({ kind, name, why }) => `not moved: ${kind} ${name}: ${why}`),
    ...design.unheld.map(({ table, column, type, count, code }) => {
      return `cannot be held: ${count} values of ${table}.${column} as ${type} (${code}): a move stops there until a rule says what becomes of them`;
    }),
    ...design.warnings,
  ];
  return lines.length === 0 ? [] : ['What the source has and PostgreSQL does not get:', ...lines].map(comment);
}

function tablesDown({ schema, design, late }: ScriptOf): string {
  const foreign = design.tables
    .flatMap((table) => stepsOf(schema, table))
    .filter((step) => step.foreign && !late.has(step.key));
  const tables = design.tables.toReversed().map(({ name }) => `DROP TABLE ${qualified(schema, name)};`);
  const kept = `The schema ${schema} stays: other things may stand in it.`;
  return page([
    [comment('Drops the tables with every row in them. Foreign keys go first, because they may form circles.')],
    foreign.toReversed().map((step) => dropConstraint(schema, step)),
    [...tables, ...(schema === 'public' ? [] : [comment(kept)])],
  ]);
}

function laterUp({ late }: ScriptOf, steps: readonly KeyedStep[]): string {
  return page([
    [comment('Run this after the move has filled the tables.')],
    ...steps.map(({ key, step }) => {
      const { why, notValid } = late.get(key) as Late;
      return [comment(`${step.what}: ${why}`), `${notValid ? (step.notValid ?? step.sql) : step.sql};`];
    }),
  ]);
}

function laterDown({ schema }: ScriptOf, steps: readonly KeyedStep[]): string {
  const drops = steps.toReversed().map((step) => {
    const { table, step: made } = step;
    const isIndex = table.indexes.some((index) => index.name === made.exists.name && !index.constraint);
    return isIndex ? `DROP INDEX ${qualified(schema, made.exists.name)};` : dropConstraint(schema, step);
  });
  return page([[comment('Undoes the up file; rows stay.')], drops]);
}

function dropConstraint(schema: string, { table, step }: KeyedStep): string {
  return `ALTER TABLE ${qualified(schema, table.name)} DROP CONSTRAINT ${ident(step.exists.name)};`;
}

/** A name with a line break in it would end the comment and begin a statement. */
function comment(text: string): string {
  return `-- ${printable(text)}`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(width - [...text].length);
}

function page(blocks: readonly (readonly string[])[]): string {
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}
