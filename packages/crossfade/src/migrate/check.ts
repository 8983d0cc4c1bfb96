import { CrossfadeError } from '../core/errors.ts';
import { stopped } from './dirty.ts';
import type { Migrations } from './files.ts';
import type { Step } from './goal.ts';
import { type Migration, scriptOf } from './model.ts';
import { gone, label } from './gone.ts';
import type { History } from './history.ts';

/** What the past and the folder say about one migration. */
export type Standing = 'applied' | 'changed' | 'late' | 'pending' | 'gone' | 'running' | 'stopped';

/**
 * `late`: its number is below the version of the database, and nobody has ever run it. golang-migrate passes such a
 * file over, and the schema lacks it for ever. `running` and `stopped`: it has made the database dirty, and a run is at
 * work on it or none any more. `gone` is for those without a file: {@link gone}.
 */
export function standing({ version, up }: Migration, history: History): Standing {
  const run = stopped(history);
  if (history.dirty && version === (run?.version ?? history.version))
    return run !== null && run.leftMs > 0 ? 'running' : 'stopped';
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
  refusePassedOver(migrations, history, steps);
  for (const { migration, direction } of steps)
    if (scriptOf(migration, direction) === null)
      throw new CrossfadeError(
        'E_MIGRATION_MISSING',
        `Migration ${migration.version}_${migration.name} has no .${direction}.sql file, which is on the way. Nothing was run. Write it.`,
        { version: migration.version, direction },
      );
}

/** A file under a new number would run a second time. */
function refuseRenumbered(migrations: Migrations, history: History, steps: readonly Step[]): void {
  const before = gone(migrations, history).filter(({ direction, sha256 }) => direction === 'up' && sha256 !== null);
  for (const { migration, direction } of steps) {
    const same = before.find(({ sha256 }) => direction === 'up' && sha256 === migration.up?.sha256);
    if (same === undefined) continue;
    throw new CrossfadeError(
      'E_MIGRATION_CHANGED',
      `${pathOf(migration)} has the text of ${label(same)}, which ran and whose file is gone: it would run a second time. Nothing was run. Give the file its old number.`,
      { files: [pathOf(migration)] },
    );
  }
}

/** The way down would pass it over: the version would say that it never ran, and what it made would stay. */
function refusePassedOver(migrations: Migrations, history: History, steps: readonly Step[]): void {
  const passed = gone(migrations, history).filter(({ version }) =>
    steps.some(({ from, to }) => from !== null && version < from && (to === null || version > to)),
  );
  if (passed.length === 0) return;
  const names = passed.map(label).join(', ');
  throw new CrossfadeError(
    'E_MIGRATION_MISSING',
    `${names} ran, its file is gone from the folder, and the way down leads past it: what it made would stay. Nothing was run. Bring the file back, for example from version control, and run the same command again. If the folder is right without it: crossfade migrate force ${history.version} takes the folder as it is now.`,
    { versions: passed.map(({ version }) => String(version)) },
  );
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
