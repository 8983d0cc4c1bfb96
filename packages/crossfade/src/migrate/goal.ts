import { CrossfadeError } from '../core/errors.ts';
import type { Migrations } from './files.ts';
import type { Direction, Migration } from './model.ts';
import type { State } from './state.ts';

/** What a run is asked for. */
export type Goal =
  | { readonly kind: 'up' /** Default: all. */; readonly count?: number }
  | { readonly kind: 'down'; readonly count: number | 'all' }
  | { readonly kind: 'goto' /** Null is before the first migration. */; readonly version: bigint | null }
  | { readonly kind: 'redo' };

/** A way to go until the version is there; null means before the first migration. */
export interface Leg {
  readonly direction: Direction;
  readonly to: bigint | null;
}

/** One file to run. */
export interface Step {
  readonly migration: Migration;
  readonly direction: Direction;
  /** The version before and after it. */
  readonly from: bigint | null;
  readonly to: bigint | null;
}

type Place = { readonly all: readonly Migration[]; readonly version: bigint | null };

const later = ({ all, version }: Place): readonly Migration[] =>
  all.filter((migration) => version === null || migration.version > version);
/** The newest first. */
const earlier = ({ all, version }: Place): readonly Migration[] =>
  all.filter((migration) => version !== null && migration.version <= version).toReversed();

/** What each goal means at a place, as versions: two runs with the same goal at once then do it once. */
const legs: { readonly [K in Goal['kind']]: (goal: Extract<Goal, { kind: K }>, place: Place) => Leg[] } = {
  up: ({ count }, place) => {
    const to = later(place).slice(0, count).at(-1)?.version;
    return to === undefined ? [] : [{ direction: 'up', to }];
  },
  down: ({ count }, place) => {
    const undone = count === 'all' ? earlier(place).length : count;
    return place.version === null ? [] : [{ direction: 'down', to: earlier(place)[undone]?.version ?? null }];
  },
  goto: ({ version }, place) => {
    if (version === place.version) return [];
    if (version === null) return [{ direction: 'down', to: null }];
    if (!place.all.some((migration) => migration.version === version)) throw unknownVersion(version);
    return [{ direction: place.version === null || version > place.version ? 'up' : 'down', to: version }];
  },
  redo: (_goal, place) =>
    place.version === null
      ? []
      : [
          { direction: 'down', to: earlier(place)[1]?.version ?? null },
          { direction: 'up', to: place.version },
        ],
};

/** The ways that lead from where the database stands to the goal; none where it is there already. */
export function legsOf(goal: Goal, { all }: Migrations, { version }: Pick<State, 'version'>): Leg[] {
  const plan = legs[goal.kind] as (goal: Goal, place: Place) => Leg[];
  return plan(goal, { all, version });
}

/** The next file on a way, or null at its end. */
export function nextStep({ all }: Migrations, version: bigint | null, { direction, to }: Leg): Step | null {
  if (direction === 'up') {
    const migration = later({ all, version })[0];
    if (migration === undefined || to === null || migration.version > to) return null;
    return { migration, direction, from: version, to: migration.version };
  }
  const [migration, before] = earlier({ all, version });
  if (migration === undefined || (to !== null && migration.version <= to)) return null;
  return { migration, direction, from: version, to: before?.version ?? null };
}

/** Every file on the way, as things stand. */
export function stepsOf(migrations: Migrations, version: bigint | null, way: readonly Leg[]): Step[] {
  const steps: Step[] = [];
  let at = version;
  for (const leg of way)
    for (let step = nextStep(migrations, at, leg); step !== null; step = nextStep(migrations, at, leg)) {
      steps.push(step);
      at = step.to;
    }
  return steps;
}

/** The error for a version that no file has. */
export function unknownVersion(version: bigint): CrossfadeError {
  return new CrossfadeError(
    'E_MIGRATION_MISSING',
    `There is no migration ${version} in the folder. Nothing was run. crossfade migrate status lists what there is.`,
    { version },
  );
}
