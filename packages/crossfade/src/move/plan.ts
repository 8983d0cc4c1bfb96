import { migrationName, type MigrationsOptions, nextNumber, scriptsOf, writeMigrations } from './migrations.ts';
import type { MoveOptions } from './options.ts';
import { type PlanFile, planOf } from './plan-file.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { OpenSource } from './source.ts';
import { type LookOptions, withSource } from './with-source.ts';

/** What decides a plan; the rest of a move's options is about the target or the run. */
export type PlanOptions = LookOptions &
  Pick<MoveOptions, 'names' | 'types' | 'only' | 'except' | 'rules' | 'gin' | 'plan' | 'onProgress'>;

/** Looks at every value of a source and returns the plan of its move, to be edited. Needs no server and writes nothing. */
export function plan(options: PlanOptions): Promise<PlanFile> {
  return looked(options, (_, prepared) => planOf(prepared));
}

/** What {@link planMigrations} has written. */
export interface PlannedMigrations {
  readonly plan: PlanFile;
  /** Paths, the up file of the tables first. */
  readonly files: readonly string[];
}

/**
 * Looks at every value of a source and writes the schema that `move` would make as migrations. Once they have run,
 * `move` with the same options fills the tables. Rows that no empty table with the constraint would take (orphans, rows
 * that break a CHECK) put that constraint into a second migration, to be run after the move. No file is replaced.
 *
 * @param fillWith the command that fills the tables, for the comment at the top
 * @throws CrossfadeError E_USAGE before anything is read or written, E_REPORT_UNWRITABLE, and what {@link plan} throws
 */
export function planMigrations(
  options: PlanOptions & Pick<MoveOptions, 'schema'>,
  migrations: MigrationsOptions,
  fillWith = 'crossfade move SOURCE',
): Promise<PlannedMigrations> {
  const name = migrationName(options.source, migrations);
  nextNumber(migrations);
  return looked(options, (source, prepared) => {
    const scripts = scriptsOf(source, prepared, options.schema ?? 'public', fillWith);
    return {
      plan: planOf(prepared),
      files: writeMigrations(scripts, name, migrations),
    };
  });
}

async function looked<T>(options: PlanOptions, use: (source: OpenSource, prepared: Prepared) => T): Promise<T> {
  return withSource(options, null, async (source) => use(source, await prepare(null, source, options, 'public')));
}
