import { CrossfadeError } from '../core/errors.ts';
import type { Migrations } from './files.ts';
import type { Step } from './goal.ts';
import { type Migration, scriptOf } from './model.ts';
import type { History, Lease, State } from './state.ts';

/** What the past and the folder say about one migration. */
export type Standing = 'applied' | 'changed' | 'late' | 'pending';

/**
 * `late`: its number is below the version of the database, and nobody has ever run it. golang-migrate passes such a
 * file over, and the schema lacks it for ever.
 */
export function standing({ version, up }: Migration, history: History): Standing {
  if (history.version === null || version > history.version) return 'pending';
  const ran = history.ran.get(version);
  if (ran === undefined)
    return history.vouched.some(({ above, upTo }) => version <= upTo && (above === null || version > above))
      ? 'applied'
      : 'late';
  const known = ran.direction === 'up' || ran.direction === 'force';
  return known && ran.sha256 !== null && up !== null && up.sha256 !== ran.sha256 ? 'changed' : 'applied';
}

/**
 * Everything that must be so before anything runs. Files that the run itself undoes may have changed: that is what
 * `redo` is for.
 *
 * @throws CrossfadeError E_MIGRATION_MISSING, E_MIGRATION_CHANGED
 */
export function checkFiles(migrations: Migrations, history: History, steps: readonly Step[]): void {
  checkVersion(migrations, history);
  const lowest = steps.filter(({ direction }) => direction === 'down').at(-1)?.migration.version;
  const kept = migrations.all.filter(({ version }) => lowest === undefined || version < lowest);
  const found = kept.map((migration) => ({ migration, is: standing(migration, history) }));
  const changed = found.filter(({ is }) => is === 'changed').map(({ migration }) => pathOf(migration));
  if (changed.length > 0) throw refuseChanged(changed, history);
  const late = found.filter(({ is }) => is === 'late').map(({ migration }) => pathOf(migration));
  if (late.length > 0)
    throw new CrossfadeError(
      'E_MIGRATION_CHANGED',
      `${late.join(', ')} never ran, and the database stands at version ${history.version} already: it would be left out for ever. Nothing was run. Give it a number above ${history.version}.`,
      { files: late },
    );
  refuseRenumbered(migrations, history, steps);
  for (const { migration, direction } of steps)
    if (scriptOf(migration, direction) === null)
      throw new CrossfadeError(
        'E_MIGRATION_MISSING',
        `Migration ${migration.version}_${migration.name} has no .${direction}.sql file, which is on the way. Nothing was run. Write it.`,
        { version: migration.version, direction },
      );
}

/** A file under a new number would run a second time. */
function refuseRenumbered({ all }: Migrations, { ran }: History, steps: readonly Step[]): void {
  const gone = [...ran.values()].filter(
    (row) => row.direction === 'up' && row.sha256 !== null && !all.some(({ version }) => version === row.version),
  );
  for (const { migration, direction } of steps) {
    const before = gone.find(({ sha256 }) => direction === 'up' && sha256 === migration.up?.sha256);
    if (before === undefined) continue;
    throw new CrossfadeError(
      'E_MIGRATION_CHANGED',
      `${pathOf(migration)} has the text of ${before.version}_${before.name}, which ran and whose file is gone: it would run a second time. Nothing was run. Give the file its old number.`,
      { files: [pathOf(migration)] },
    );
  }
}

function checkVersion({ all, folder }: Migrations, { version, ran }: History): void {
  if (version === null || all.some((migration) => migration.version === version)) return;
  const name = ran.get(version)?.name;
  const newest = all.at(-1)?.version;
  throw new CrossfadeError(
    'E_MIGRATION_MISSING',
    `The database stands at version ${version}${name === undefined ? '' : ` (${name})`}, and ${folder} has no file of that version; its newest is ${newest ?? 'none'}. Nothing was run. Deploy the release that has it, or go down with that release first.`,
    { version, newest: newest ?? null },
  );
}

function refuseChanged(changed: readonly string[], { version }: History): CrossfadeError {
  return new CrossfadeError(
    'E_MIGRATION_CHANGED',
    `${changed.join(', ')} changed after having run. Nothing was run. Put the file back as it was, and write the change as a new migration. If the schema is right all the same: crossfade migrate force ${version} takes the files as they are now.`,
    { files: changed },
  );
}

function pathOf({ up, name, version }: Migration): string {
  return up?.path ?? `${version}_${name}`;
}

/**
 * Refuses a database that a migration has left in the middle, with the command that repairs it.
 *
 * @throws CrossfadeError E_MIGRATION_DIRTY
 */
export function refuseDirty(state: State, migrations: Migrations): void {
  if (!state.dirty) return;
  throw new CrossfadeError('E_MIGRATION_DIRTY', dirtyText(state, migrations), {
    version: state.version ?? -1n,
    ...(state.lease !== null && {
      statement: state.lease.statement,
      line: state.lease.line,
      sqlstate: state.lease.sqlstate,
    }),
  });
}

/** The account of another file may be left where somebody has cleared its dirty by hand. */
function isAbout(lease: Lease, version: bigint | null): boolean {
  return lease.direction === 'up' ? lease.version === version : (version ?? -1n) < lease.version;
}

function dirtyText({ version, lease: found }: State, migrations: Migrations): string {
  const lease = found !== null && isAbout(found, version) ? found : null;
  if (lease === null)
    return `The database is dirty at version ${versionText(version)}: another tool stopped in the middle of a migration. Nothing was run. Look what of it stands, and complete or undo it by hand; then say which version the schema has: crossfade migrate force ${versionText(version)}`;
  const file = `${lease.version}_${lease.name}.${lease.direction}.sql`;
  const how =
    lease.sqlstate === null
      ? `stopped during or right after statement ${lease.statement} of ${lease.statements} (line ${lease.line})`
      : `failed in statement ${lease.statement} of ${lease.statements} (line ${lease.line}, SQLSTATE ${lease.sqlstate})`;
  return `The database is dirty: ${file} ${how}. Nothing was run. ${repair(lease, migrations)}`;
}

/** What to do about a file that stopped in the middle: two ways, each with its command. */
export function repair(lease: Pick<Lease, 'version' | 'direction' | 'statement'>, { all }: Migrations): string {
  const before = all.filter(({ version }) => version < lease.version).at(-1)?.version ?? null;
  const [start, end] = lease.direction === 'up' ? [before, lease.version] : [lease.version, before];
  const last = lease.statement - 1;
  const stands = last < 1 ? '' : last === 1 ? 'Statement 1 ran. ' : `Statements 1 to ${last} ran. `;
  return `${stands}Undo what stands of the file, and of an index that failed CONCURRENTLY what is left of it, then: crossfade migrate force ${versionText(start)} and run it again. Or complete it by hand, then: crossfade migrate force ${versionText(end)}`;
}

/** As `crossfade migrate force` takes it. */
export function versionText(version: bigint | null): string {
  return version === null || version < 0n ? 'none' : String(version);
}
