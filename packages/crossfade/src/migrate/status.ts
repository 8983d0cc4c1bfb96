import { type Standing, standing } from './check.ts';
import type { FileFinding } from './files.ts';
import { opened } from './open.ts';
import type { MigrateOptions } from './options.ts';
import type { Lease } from './state.ts';

/** Where a database stands, and what each file is to it. */
export interface StatusReport {
  readonly target: string;
  readonly schema: string;
  /** Null before the first migration; -1 when going down to nothing stopped in the middle. */
  readonly version: bigint | null;
  readonly dirty: boolean;
  /** A run without a transaction that is at work or has stopped in the middle. */
  readonly run: Lease | null;
  /** The database's version has a file, or there is no version. */
  readonly versionHasFile: boolean;
  readonly migrations: readonly StatusRow[];
  readonly findings: readonly FileFinding[];
}

/** One migration of the folder. */
export interface StatusRow {
  readonly version: bigint;
  readonly name: string;
  readonly standing: Standing;
  /** Null where it has not run, or where nobody knows: another tool may have run it. */
  readonly appliedAt: string | null;
  readonly appliedBy: string | null;
  readonly durationMs: number | null;
  readonly transactional: boolean;
}

/** Looks, and writes nothing; not even the tables of migrations where they are missing. */
export async function migrationStatus(options: MigrateOptions): Promise<StatusReport> {
  return opened(options, false, async ({ context, history }) => {
    const { migrations, tables, target } = context;
    return {
      target: target.display,
      schema: tables.schema,
      version: history.version,
      dirty: history.dirty,
      run: history.lease,
      versionHasFile: history.version === null || migrations.all.some(({ version }) => version === history.version),
      migrations: migrations.all.map((migration): StatusRow => {
        const { version, name, up } = migration;
        const is = standing(migration, history);
        const ran = is === 'pending' ? undefined : history.ran.get(version);
        return {
          version,
          name,
          standing: is,
          appliedAt: ran?.at ?? null,
          appliedBy: ran?.by ?? null,
          durationMs: ran?.durationMs ?? null,
          transactional: up?.transactional ?? true,
        };
      }),
      findings: migrations.findings,
    };
  });
}

/** Whether a person has to do something before the next run. */
export function needsRepair({ dirty, versionHasFile, migrations }: StatusReport): boolean {
  return dirty || !versionHasFile || migrations.some((row) => row.standing === 'changed' || row.standing === 'late');
}
