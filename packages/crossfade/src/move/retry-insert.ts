import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query } from '../pg/connect.ts';
import { sql } from '../pg/sql.ts';
import { failing } from './halving.ts';
import { postpone, unpostpone } from './postpone.ts';
import { changed } from './retry-proof.ts';
import type { Stage } from './retry-stage.ts';

/** Rows by the number that they have in the temporary table of their stage. */
type Numbers = ReadonlyMap<Stage, readonly number[]>;

/**
 * Inserts the pending rows of all tables within the caller's transaction: all at once, and where the tables refuse that,
 * in parts, so that a row which a constraint refuses does not hold back the others. Nothing is overwritten.
 */
export async function insertPending(client: pg.Client, schema: string, stages: readonly Stage[]): Promise<void> {
  const waiting = stages.filter(({ pending }) => pending.size > 0);
  if (waiting.length === 0 || (await insertTogether(client, schema, pendingOf(waiting)))) return;
  const refusals = await insertApart(client, waiting);
  // Rows of a circle are each other's parents: those that lack nothing but a parent are tried together.
  await insertTogether(
    client,
    schema,
    pendingOf(waiting, (stage, n) => refusals.get(stage)?.get(n)?.facts.sqlstate === foreignKeyViolation),
  );
  for (const [stage, refused] of refusals)
    for (const [n, row] of stage.pending) stage.keep(row, whyRefused(refused.get(n) as CrossfadeError));
}

const foreignKeyViolation = '23503';

function pendingOf(stages: readonly Stage[], wanted: (stage: Stage, n: number) => boolean = () => true): Numbers {
  return new Map(stages.map((stage) => [stage, [...stage.pending.keys()].filter((n) => wanted(stage, n))]));
}

/** All of them or none. Foreign keys of tables in a circle are checked once all are filled, and so are the deferred ones. */
async function insertTogether(client: pg.Client, schema: string, rows: Numbers): Promise<boolean> {
  const names = [...rows.keys()].map(({ of }) => of.target);
  const refused = await attempt(client, async () => {
    const postponed = await postpone(client, schema, names);
    for (const [stage, numbers] of rows) await insert(client, stage, numbers);
    await query(client, sql`SET CONSTRAINTS ALL IMMEDIATE`, 'check the deferred constraints');
    await unpostpone(client, schema, postponed);
  });
  if (refused === null) for (const [stage, numbers] of rows) stage.markInserted(numbers);
  return refused === null;
}

/** Again and again, as long as a row finds the parent that an earlier round has brought. What is left, and why. */
async function insertApart(
  client: pg.Client,
  stages: readonly Stage[],
): Promise<ReadonlyMap<Stage, ReadonlyMap<number, CrossfadeError>>> {
  await query(client, sql`SET CONSTRAINTS ALL IMMEDIATE`, 'check constraints at once');
  const refusals = new Map(stages.map((stage) => [stage, new Map<number, CrossfadeError>()]));
  for (let progress = true; progress; ) {
    progress = false;
    for (const [stage, refused] of refusals) {
      const before = stage.pending.size;
      await failing([...stage.pending.keys()], async (numbers) => {
        const refusal = await attempt(client, () => insert(client, stage, numbers));
        if (refusal === null) stage.markInserted(numbers);
        else if (numbers.length === 1) refused.set(numbers[0], refusal);
        return refusal === null;
      });
      progress ||= stage.pending.size < before;
    }
  }
  return refusals;
}

/** A row that a trigger passes over in silence would be lost, so every row has to be said to be there. */
async function insert(client: pg.Client, stage: Stage, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  const { target, staged } = stage.written;
  const inserted = sql`INSERT INTO ${stage.target} (${target}) OVERRIDING SYSTEM VALUE SELECT ${staged} FROM ${stage.place} WHERE n = ANY (${numbers.map(String)}::bigint[]) ORDER BY n`;
  // Rows of a partition do not say where they stand; such a table is compared as a whole.
  const { rowCount } = await query(
    client,
    stage.of.existing.partitioned
      ? inserted
      : sql`WITH inserted AS (${inserted} RETURNING tableoid, ctid) INSERT INTO ${stage.places} (part, place) SELECT tableoid, ctid FROM inserted`,
    'insert the listed rows',
  );
  if (rowCount !== numbers.length) throw changed(stage);
}

/** Runs one step so that its refusal undoes it alone. Null when it succeeds; throws what is not about rows. */
async function attempt(client: pg.Client, step: () => Promise<void>): Promise<CrossfadeError | null> {
  await query(client, sql`SAVEPOINT retry`, 'set a savepoint');
  try {
    await step();
    await query(client, sql`RELEASE SAVEPOINT retry`, 'release a savepoint');
    return null;
  } catch (error) {
    if (!isAboutRows(error)) throw error;
    await query(client, sql`ROLLBACK TO SAVEPOINT retry`, 'return to a savepoint');
    return error;
  }
}

/** Constraints, values that are too long for a column, index entries that are too large, triggers that refuse. */
function isAboutRows(error: unknown): error is CrossfadeError {
  return error instanceof CrossfadeError && /^(22|23|P0|54000)/.test(String(error.facts.sqlstate ?? ''));
}

function whyRefused({ facts }: CrossfadeError): { column: null; code: 'E_ROW_REFUSED'; constraint: string } {
  const part = facts.constraint ?? facts.column;
  const named =
    part === undefined ? '' : `${facts.constraint === undefined ? 'column' : 'constraint'} ${String(part)}, `;
  return { column: null, code: 'E_ROW_REFUSED', constraint: `${named}SQLSTATE ${String(facts.sqlstate)}` };
}
