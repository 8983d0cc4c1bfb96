import { type Standing, standing } from './check.ts';
import { repairOf } from './dirty.ts';
import { type FileFinding, readInSteps } from './files.ts';
import { gone, goneFindings } from './gone.ts';
import { opened } from './open.ts';
import type { Migration } from './model.ts';
import type { MigrateOptions } from './options.ts';
import type { History, Ran } from './history.ts';
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
  /** What to do where something has stopped in the middle; null where nothing has. */
  readonly repair: string | null;
  /** The database's version has a file, or there is no version. */
  readonly versionHasFile: boolean;
  readonly migrations: readonly StatusRow[];
  readonly findings: readonly FileFinding[];
}

/** One migration of the folder, or one that ran and is gone from it. */
export interface StatusRow {
  readonly version: bigint;
  readonly name: string;
  readonly standing: Standing;
  /** Null where it has not run, or where nobody knows: another tool may have run it. */
  readonly appliedAt: string | null;
  readonly appliedBy: string | null;
  readonly durationMs: number | null;
  /** Null where the file is gone. */
  readonly transactional: boolean | null;
}

/** Looks, and writes nothing; not even the tables of migrations where they are missing. */
export async function migrationStatus(options: MigrateOptions): Promise<StatusReport> {
  return opened(readInSteps(options.folder, true), options, false, async ({ context, history }) => {
    const { migrations, tables, target } = context;
    return {
      target: target.display,
      schema: tables.schema,
      version: history.version,
      dirty: history.dirty,
      run: history.lease,
      versionHasFile: history.version === null || migrations.all.some(({ version }) => version === history.version),
      repair: history.lease !== null && history.lease.leftMs > 0 ? null : repairOf(history, migrations),
      migrations: [
        ...migrations.all.map((each) => fileRow(each, history)),
        ...gone(migrations, history).map(goneRow),
      ].sort((a, b) => (a.version < b.version ? -1 : 1)),
      findings: [...migrations.findings, ...goneFindings(migrations, history)],
    };
  });
}

function fileRow(migration: Migration, history: History): StatusRow {
  const { version, name, up } = migration;
  const is = standing(migration, history);
  const ran = is === 'applied' || is === 'changed' ? history.ran.get(version) : undefined;
  return { version, name, standing: is, ...told(ran), transactional: up?.transactional ?? true };
}

/** Whether it had a transaction stood in its file. */
function goneRow(ran: Ran): StatusRow {
  return { version: ran.version, name: ran.name, standing: 'gone', ...told(ran), transactional: null };
}

/** What was taken over ran under another tool: when is not known. */
function told(ran: Ran | undefined): Pick<StatusRow, 'appliedAt' | 'appliedBy' | 'durationMs'> {
  if (ran?.direction === 'adopt') return { appliedAt: null, appliedBy: null, durationMs: null };
  const { at = null, by = null, durationMs = null } = ran?.detail ?? {};
  return { appliedAt: at, appliedBy: by, durationMs };
}

const amiss: readonly Standing[] = ['changed', 'late', 'gone'];

/** Whether a person has to do something before the next run. */
export function needsRepair({ dirty, versionHasFile, migrations }: StatusReport): boolean {
  return dirty || !versionHasFile || migrations.some(({ standing: is }) => amiss.includes(is));
}
