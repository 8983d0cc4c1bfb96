import type pg from 'pg';
import { dropLoadSchema } from './load-schema.ts';
import { loadTableOf } from './load-tables.ts';
import type { Pool } from './pool.ts';
import type { Prepared } from './prepare.ts';
import { tooWide } from './wide-rows.ts';

/**
 * Lets PostgreSQL itself judge the widest row of each wide table before the others are loaded. Where one does not fit,
 * the load schema goes: there is nothing in it that the next run could continue. @throws E_TARGET_REFUSED
 */
export async function tryWidest(
  client: pg.Client,
  pool: Pool,
  loadSchema: string,
  { design, profiles }: Prepared,
): Promise<void> {
  for (const { table, evidence, widest } of profiles) {
    const target = design.tables.find(({ source }) => source.name === table.name);
    if (widest === null || target === undefined) continue;
    const load = loadTableOf(loadSchema, target, design, evidence);
    await pool.run('tryRow', { source: table, table: load, key: widest.key }).catch(async (error: unknown) => {
      const refusal = tooWide(error, table, widest);
      if (refusal !== error) await dropLoadSchema(client, loadSchema);
      throw refusal;
    });
  }
}
