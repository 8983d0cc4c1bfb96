import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { query } from '../pg/connect.ts';
import { type Sql, sql } from '../pg/sql.ts';
import { postpone, unpostpone } from './postpone.ts';
import { changed } from './retry-proof.ts';
import type { Stage } from './retry-stage.ts';

/**
 * Inserts the pending rows of all tables within the caller's transaction: all at once, and where the tables refuse that,
 * row by row, so that a row which a constraint refuses does not hold back the others. Nothing is overwritten.
 */
export async function insertPending(client: pg.Client, schema: string, stages: readonly Stage[]): Promise<void> {
  const waiting = stages.filter(({ pending }) => pending.size > 0);
  if (waiting.length === 0) return;
  const refused = await attempt(client, () => insertTogether(client, schema, waiting));
  if (refused !== null) return insertSingly(client, waiting);
  for (const stage of waiting) {
    stage.inserted.push(...stage.pending.values());
    stage.pending.clear();
  }
}

/** Foreign keys of tables in a circle are checked once all of them are filled, and so are the deferred ones. */
async function insertTogether(client: pg.Client, schema: string, stages: readonly Stage[]): Promise<void> {
  const names = stages.map(({ of }) => of.target);
  const postponed = await postpone(client, schema, names);
  for (const stage of stages) await insert(client, stage, sql`true`, stage.pending.size);
  await query(client, sql`SET CONSTRAINTS ALL IMMEDIATE`, 'check the deferred constraints');
  await unpostpone(client, schema, postponed);
}

/** Again and again, as long as a row finds the parent that an earlier round has brought. */
async function insertSingly(client: pg.Client, stages: readonly Stage[]): Promise<void> {
  await query(client, sql`SET CONSTRAINTS ALL IMMEDIATE`, 'check constraints at once');
  const refusals = new Map<Stage, Map<number, CrossfadeError>>(stages.map((stage) => [stage, new Map()]));
  for (let progress = true; progress; ) {
    progress = false;
    for (const stage of stages) {
      for (const [n, row] of stage.pending) {
        const refused = await attempt(client, () => insert(client, stage, sql`n = ${n}`, 1));
        if (refused !== null) {
          refusals.get(stage)?.set(n, refused);
          continue;
        }
        stage.pending.delete(n);
        stage.inserted.push(row);
        progress = true;
      }
    }
  }
  for (const [stage, refused] of refusals)
    for (const [n, row] of stage.pending) stage.keep(row, whyRefused(refused.get(n) as CrossfadeError));
}

/** A row that a trigger passes over in silence would be lost, so every row has to be said to be there. */
async function insert(client: pg.Client, stage: Stage, where: Sql, rows: number): Promise<void> {
  const { target, staged } = stage.written;
  const inserted = sql`INSERT INTO ${stage.target} (${target}) OVERRIDING SYSTEM VALUE SELECT ${staged} FROM ${stage.place} WHERE ${where} ORDER BY n`;
  // Rows of a partition do not say where they stand; such a table is compared as a whole.
  const { rowCount } = await query(
    client,
    stage.of.existing.partitioned
      ? inserted
      : sql`WITH inserted AS (${inserted} RETURNING tableoid, ctid) INSERT INTO ${stage.places} (part, place) SELECT tableoid, ctid FROM inserted`,
    'insert the listed rows',
  );
  if (rowCount !== rows) throw changed(stage);
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
