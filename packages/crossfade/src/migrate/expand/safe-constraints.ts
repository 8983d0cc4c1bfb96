import type pg from 'pg';
import { ident, literal } from '../../core/sql-text.ts';
import { connect, disconnect, query } from '../../pg/connect.ts';
import { trusted } from '../../pg/sql.ts';
import type { Target } from '../../pg/target.ts';
import { Namespace } from '../../schema/naming.ts';
import { type Patience, patiently } from './patience.ts';

/** One transaction of a recipe: what it runs, and a query whose one row says `t` when it has been run before. */
export interface SafeStep {
  readonly sql: string;
  readonly done: string;
  /** Reads the whole table without keeping anybody from it, so it has no time limit. */
  readonly scans: boolean;
  /** Where plain names of the definition are looked up. */
  readonly schema: string;
}

/** Where a constraint stands, or is to stand. */
export interface ConstraintPlace {
  /** Default `public`. */
  readonly schema?: string;
  readonly table: string;
  readonly name: string;
}

/** A constraint in two steps, and its way back, as SQL for migrations of their own. */
export interface LaterConstraint {
  /** Holds for every row written from now on; needs its lock for a moment only. */
  readonly add: SafeStep;
  /** Reads the rows that were there before, beside readers and writers. */
  readonly validate: SafeStep;
  readonly drop: string;
}

/**
 * A CHECK or FOREIGN KEY in two steps, so that no lock is held while the table is read.
 * @param definition `CHECK (…)` or `FOREIGN KEY (…) REFERENCES …`, as a migration would say it
 */
export function validateLater(place: ConstraintPlace, definition: string): LaterConstraint {
  const { schema = 'public' } = place;
  const table = tableOf(place);
  const found = `FROM pg_catalog.pg_constraint WHERE conrelid = ${literal(table)}::pg_catalog.regclass AND conname = ${literal(place.name)}`;
  return {
    add: {
      sql: `ALTER TABLE ${table} ADD CONSTRAINT ${ident(place.name)} ${definition} NOT VALID;`,
      done: `SELECT EXISTS (SELECT ${found}) AS done`,
      scans: false,
      schema,
    },
    validate: {
      sql: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${ident(place.name)};`,
      done: `SELECT EXISTS (SELECT ${found} AND convalidated) AS done`,
      scans: true,
      schema,
    },
    drop: `ALTER TABLE ${table} DROP CONSTRAINT ${ident(place.name)};`,
  };
}

/**
 * NOT NULL for a table that is in use. SET NOT NULL alone reads the whole table under the strongest lock; with a
 * validated CHECK that says the same, PostgreSQL believes the CHECK and reads nothing.
 */
export function notNullSteps(place: Omit<ConstraintPlace, 'name'> & { readonly column: string }): readonly SafeStep[] {
  const { schema = 'public', table, column } = place;
  const name = new Namespace('relation', 'keep').claim(`${table}_${column}_not_null_yet`);
  const at = { schema, table, name };
  const { add, validate, drop } = validateLater(at, `CHECK (${ident(column)} IS NOT NULL)`);
  const done = `SELECT attnotnull AS done FROM pg_catalog.pg_attribute WHERE attrelid = ${literal(tableOf(at))}::pg_catalog.regclass AND attname = ${literal(column)}`;
  const either = (step: SafeStep): SafeStep => ({ ...step, done: `SELECT (${step.done}) OR (${done}) AS done` });
  return [
    either(add),
    either(validate),
    {
      sql: `ALTER TABLE ${tableOf(at)} ALTER COLUMN ${ident(column)} SET NOT NULL;\n${drop}`,
      done,
      scans: false,
      schema,
    },
  ];
}

/**
 * Runs steps one after the other, each in a transaction of its own under the lock limit, with tries. Steps that have run
 * before are passed over, so a run that was stopped is run again.
 *
 * @throws CrossfadeError E_MIGRATION_BUSY, E_TARGET_REFUSED when rows break a constraint: what was added before stands
 */
export async function runSafely(target: Target, steps: readonly SafeStep[], patience: Patience = {}): Promise<void> {
  const client = await connect(target, {
    application: 'crossfade migrate',
    ...(patience.signal === undefined ? {} : { signal: patience.signal }),
  });
  try {
    for (const step of steps) await runStep(client, step, patience);
  } finally {
    await disconnect(client);
  }
}

async function runStep(client: pg.Client, step: SafeStep, patience: Patience): Promise<void> {
  const limits = step.scans ? { ...patience, statementTimeoutMs: 0 } : patience;
  const work = async (): Promise<void> => {
    const { rows } = await query<{ done: string }>(client, trusted(step.done), 'look for a constraint');
    if (rows[0]?.done !== 't') await query(client, trusted(step.sql), 'add a constraint');
  };
  await patiently(client, 'add a constraint', limits, work, step.schema);
}

function tableOf({ schema = 'public', table }: Omit<ConstraintPlace, 'name'>): string {
  return `${ident(schema)}.${ident(table)}`;
}
