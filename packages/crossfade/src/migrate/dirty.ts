import { CrossfadeError } from '../core/errors.ts';
import type { Migrations } from './files.ts';
import type { Lease, State } from './state.ts';

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

/** The run that has left the database dirty; null where it is clean, or where it was another tool. */
export function stopped({ version, dirty, lease }: State): Lease | null {
  return dirty && lease !== null && isAbout(lease, version) ? lease : null;
}

/** What to do about a database that is dirty, without the file's name; null where it is clean. */
export function repairOf(state: State, migrations: Migrations): string | null {
  if (!state.dirty) return null;
  const lease = stopped(state);
  if (lease !== null) return repair(lease, migrations);
  return `Look what of it stands, and complete or undo it by hand; then say which version the schema has: crossfade migrate force ${versionText(state.version)}`;
}

function dirtyText(state: State, migrations: Migrations): string {
  const lease = stopped(state);
  const next = repairOf(state, migrations) ?? '';
  if (lease === null)
    return `The database is dirty at version ${versionText(state.version)}: another tool stopped in the middle of a migration. Nothing was run. ${next}`;
  const file = `${lease.version}_${lease.name}.${lease.direction}.sql`;
  const place = `statement ${lease.statement} of ${lease.statements} (line ${lease.line}`;
  const stop = lease.statement === 0 ? 'before its first statement' : `during or right after ${place})`;
  const how = lease.sqlstate === null ? `stopped ${stop}` : `failed in ${place}, SQLSTATE ${lease.sqlstate})`;
  return `The database is dirty: ${file} ${how}. Nothing was run. ${next}`;
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
