import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CrossfadeError } from '../core/errors.ts';
import { given } from '../core/given.ts';
import type { Design } from '../schema/design.ts';
import type { ColumnWishes } from '../schema/draft.ts';
import { nameFault } from '../core/names.ts';
import { type NotMoved, pgTypes, type SourceTable } from '../schema/model.ts';
import { systemColumns } from '../schema/naming.ts';
import { parseRule, ruleText } from '../schema/rules.ts';
import { formChange } from './form-change.ts';
import type { TableProfile } from './profile.ts';

/**
 * The editable plan. What may be edited: `move` and `target` of a table; `target`, `type`, `rules` and `gin` of a
 * column; `create` of an index, check or foreign key. Everything else is there to be read, and is worked out again, so
 * that no SQL out of a file is ever run.
 */
const targetName = z
  .string()
  .refine((name) => nameFault(name) === null, { error: (issue) => nameFault(String(issue.input)) ?? '' });
/** What is there to be read. A name that is none of these is a misspelt one, and is refused. */
const toRead = z.unknown().optional();
const part = z.strictObject({ name: z.string(), create: z.boolean(), kind: toRead, on: toRead, where: toRead });
const column = z.strictObject({
  source: z.string(),
  target: targetName,
  type: z.enum(pgTypes),
  rules: z.array(z.string()).default([]),
  gin: z.boolean().default(false),
  declared: toRead,
  member: z.exactOptional(z.strictObject({ name: z.string().nullable(), form: z.string() })),
  notNull: toRead,
  default: toRead,
  generated: toRead,
  why: toRead,
});
const table = z.strictObject({
  source: z.string(),
  target: targetName,
  move: z.boolean().default(true),
  columns: z.array(column),
  parts: z.array(part).default([]),
  rows: toRead,
});
const planSchema = z.strictObject({
  crossfadePlan: z.literal(1),
  tables: z.array(table),
  notTranslated: toRead,
  notMoved: toRead,
  warnings: toRead,
  cannotBeHeld: toRead,
});

/** A plan as it is read and written. */
export type PlanFile = z.infer<typeof planSchema>;

/** What a plan file wishes, by the source's names. */
export interface PlanWishes {
  readonly tables: ReadonlyMap<
    string,
    {
      readonly name: string;
      readonly columns: ReadonlyMap<string, ColumnWishes>;
      readonly without: ReadonlySet<string>;
    }
  >;
  readonly leftOut: readonly string[];
}

/** Reads a plan and holds it against the source. Throws E_PLAN_INVALID with the path of every fault. */
export function readPlan(path: string, sources: readonly SourceTable[]): PlanWishes {
  const plan = parsePlan(path);
  refuseTwice(
    path,
    'the table',
    plan.tables.map(({ source }) => source),
  );
  refuseShared(
    path,
    plan.tables.filter(({ move }) => move),
  );
  for (const { source, columns } of plan.tables) {
    refuseTwice(
      path,
      `of ${source} the column`,
      columns.map((planned) => planned.source),
    );
    const named = columns.map(({ source: name, target }) => ({ source: `${source}.${name}`, target }));
    refuseShared(path, named);
    const system = named.find(({ target }) => systemColumns.has(target));
    if (system !== undefined)
      throw invalid(
        path,
        `${JSON.stringify(system.source)} cannot become ${system.target}, a column that every table of PostgreSQL has already`,
      );
  }
  const tables = new Map<string, { name: string; columns: Map<string, ColumnWishes>; without: Set<string> }>();
  for (const planned of plan.tables) {
    const source = sources.find(({ name }) => name === planned.source);
    if (source === undefined) throw invalid(path, `the source has no table ${JSON.stringify(planned.source)}`);
    const columns = new Map<string, ColumnWishes>();
    for (const { source: name, target, type, rules, gin, member } of planned.columns) {
      const found = source.columns.find((known) => known.name === name);
      if (found === undefined)
        throw invalid(path, `the source has no column ${JSON.stringify(`${planned.source}.${name}`)}`);
      const change = formChange(found, member);
      if (planned.move && change !== null) throw invalid(path, `table ${JSON.stringify(planned.source)} ${change}`);
      columns.set(name, { name: target, type, rules: rules.map(parseRule), gin });
    }
    tables.set(planned.source, {
      name: planned.target,
      columns,
      without: new Set(planned.parts.filter(({ create }) => !create).map(({ name }) => name)),
    });
  }
  const listed = new Set(plan.tables.map(({ source }) => source));
  const unlisted = sources.map(({ name }) => name).filter((name) => !listed.has(name));
  // A table that the plan does not know would be a silent loss if it were left out, and a surprise if it were moved.
  if (unlisted.length > 0)
    throw invalid(
      path,
      `it does not list the tables ${unlisted.join(', ')}; list them with "move": false to leave them out`,
    );
  return { tables, leftOut: plan.tables.filter(({ move }) => !move).map(({ source }) => source) };
}

function refuseTwice(path: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw invalid(path, `it names ${what} ${JSON.stringify(twice)} twice`);
}

/** Two of the source cannot be one in PostgreSQL. */
function refuseShared(path: string, planned: readonly { readonly source: string; readonly target: string }[]): void {
  for (const [i, { source, target }] of planned.entries()) {
    const before = planned.slice(0, i).find((other) => other.target === target);
    if (before === undefined) continue;
    const both = [before.source, source].map((name) => JSON.stringify(name)).join(' and ');
    throw invalid(path, `it gives ${both} the same target ${JSON.stringify(target)}`);
  }
}

/** What a plan tells. */
interface Planned {
  readonly design: Design;
  readonly profiles: readonly TableProfile[];
  readonly notMoved: readonly NotMoved[];
  readonly warnings: readonly string[];
}

/** The plan of a move, ready to be written: all that is known before it. */
export function planOf({ design, profiles, notMoved, warnings }: Planned): PlanFile {
  return {
    crossfadePlan: 1,
    tables: design.tables.map((target) => ({
      source: target.source.name,
      target: target.name,
      move: true,
      rows: profiles.find((profile) => profile.table.name === target.source.name)?.rows ?? 0,
      columns: target.columns.map((planned) => ({
        source: planned.source.name,
        target: planned.name,
        declared: planned.source.declared,
        ...given('member', planned.source.member),
        type: planned.type,
        rules: planned.rules.filter((rule) => rule.kind !== 'type').map(ruleText),
        gin: target.indexes.some(
          (index) => index.method === 'gin' && index.parts.length === 1 && index.name.endsWith(`${planned.name}_gin`),
        ),
        notNull: planned.notNull,
        default: planned.default,
        generated: planned.generated,
        why: planned.why,
      })),
      parts: [
        ...target.indexes
          .filter(({ method }) => method !== 'gin')
          .map((index) => ({
            name: index.name,
            create: true,
            kind: index.unique ? 'unique index' : 'index',
            on: index.parts.join(', '),
            where: index.where,
          })),
        ...target.checks.map((check) => ({ name: check.name, create: true, kind: 'check', on: check.expression })),
        ...target.foreignKeys.map((key) => ({
          name: key.name,
          create: true,
          kind: 'foreign key',
          on: `${key.columns.join(', ')} -> ${key.parent} (${key.parentColumns.join(', ')})`,
        })),
      ],
    })),
    notTranslated: design.notCreated,
    notMoved,
    warnings: [...design.warnings, ...warnings],
    cannotBeHeld: design.unheld.map(({ table: name, column: of, code, count }) => ({
      table: name,
      column: of,
      code,
      count,
    })),
  };
}

function parsePlan(path: string): PlanFile {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(
      path,
      error instanceof SyntaxError
        ? 'it is not JSON'
        : `it cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`,
    );
  }
  const parsed = planSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(path, parsed.error.issues.map((issue) => `${placeOf(issue.path, json)}: ${issue.message}`).join('; '));
}

/** `tables.3.columns.1.target ("visit.price")`: a person looks for the name, and an editor for the place. */
function placeOf(steps: readonly PropertyKey[], json: unknown): string {
  const names: string[] = [];
  let at = json;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null) break;
    at = (at as Readonly<Record<PropertyKey, unknown>>)[step];
    if (typeof at === 'object' && at !== null && 'source' in at) names.push(String(at.source));
  }
  const place = steps.join('.') || 'the file';
  return names.length === 0 ? place : `${place} (${JSON.stringify(names.join('.'))})`;
}

function invalid(path: string, why: string): CrossfadeError {
  return new CrossfadeError(
    'E_PLAN_INVALID',
    `The plan ${path} cannot be followed: ${why}. Nothing was moved. Write a new one with: crossfade plan SOURCE --out FILE`,
    { path },
  );
}
