import { query } from '../pg/connect.ts';
import { sql } from '../pg/sql.ts';
import type { Context } from './context.ts';
import { readInSteps } from './files.ts';
import { unknownVersion } from './goal.ts';
import { gone, label } from './gone.ts';
import { locked, together } from './locked.ts';
import type { Migration } from './model.ts';
import { opened } from './open.ts';
import type { MigrateOptions } from './options.ts';
import { addEntry, setVersion } from './record.ts';
import type { History } from './history.ts';
import type { State } from './state.ts';

/** What `force` did. */
export interface ForceReport {
  readonly target: string;
  readonly schema: string;
  readonly from: bigint | null;
  readonly wasDirty: boolean;
  readonly version: bigint | null;
  /** Files that had changed, and count from now on as they are. */
  readonly accepted: readonly string[];
  /** What ran, and whose file is gone: not missed any more from now on. */
  readonly gone: readonly string[];
}

/**
 * Says which version the schema has, and that it is clean; runs nothing. For the repair of a dirty database, as
 * golang-migrate's. Who said it is kept in the history. While a run is at work it waits for that run's end.
 *
 * @param version null for none: before the first migration
 * @throws CrossfadeError E_MIGRATION_MISSING when no file has the version; E_MIGRATION_BUSY
 */
export async function force(options: MigrateOptions, version: bigint | null): Promise<ForceReport> {
  return opened(readInSteps(options.folder, true), options, true, async ({ context, history }) => {
    const { migrations, tables, target } = context;
    const migration = migrations.all.find((each) => each.version === version);
    if (version !== null && migration === undefined) throw unknownVersion(version);
    const accepted = changedUpTo(version, migrations.all, history);
    const missing = gone(migrations, history).filter((row) => version !== null && row.version < version);
    const before = await locked(context, async (state) => {
      await write(context, version, [
        ...accepted,
        ...missing.map(({ version: of, name }) => ({ version: of, name, up: null })),
        ...(migration === undefined ? [] : [migration]),
      ]);
      return state;
    });
    return {
      target: target.display,
      schema: tables.schema,
      from: shown(before),
      wasDirty: before.dirty,
      version,
      accepted: accepted.map(({ up }) => up?.path ?? ''),
      gone: missing.map(label),
    };
  });
}

/** A row for every file whose text is vouched for, the version itself last, since the last row tells the version. */
async function write(
  { client, tables, by }: Context,
  version: bigint | null,
  vouched: readonly Pick<Migration, 'version' | 'name' | 'up'>[],
): Promise<void> {
  const entry = (of: (typeof vouched)[number]) =>
    addEntry(tables, {
      version: of.version,
      name: of.name,
      direction: 'force',
      sha256: of.up?.sha256 ?? null,
      durationMs: 0,
      by,
      statements: 0,
      result: version,
    });
  const rows = version === null ? [{ version: -1n, name: 'none', up: null }] : vouched;
  await together(client, [setVersion(tables, version, false), ...rows.map(entry)], 'write the version');
  await query(client, sql`DELETE FROM ${tables.lease}`, 'forget the run that stopped');
}

function changedUpTo(version: bigint | null, all: readonly Migration[], { ran }: History): Migration[] {
  return all.filter((migration) => {
    const known = ran.get(migration.version)?.sha256 ?? null;
    return (
      version !== null &&
      migration.version < version &&
      known !== null &&
      migration.up !== null &&
      known !== migration.up.sha256
    );
  });
}

function shown({ version }: State): bigint | null {
  return version !== null && version < 0n ? null : version;
}
