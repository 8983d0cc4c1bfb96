import { ledBy, type Put, type Removal, recordText } from '../../../store/live/led.ts';
import type { Guarded, Mirror } from '../../../store/live/mirror.ts';
import { isUnit, recordsOf } from '../../../store/live/units.ts';
import { find } from '../find.ts';
import type { Place } from '../place.ts';
import { carryOut, type Step } from './carry-out.ts';
import { type Found, findUnits } from './holding.ts';
import { type LivePlace, overtaking } from './live-place.ts';

/**
 * The mirror of a base that is open when it is asked. A record is noted when it was read back, a unit when all of its
 * records were: what is half done has no guard, and the same call makes it whole.
 */
export function mirrorOf(opened: () => LivePlace): Mirror {
  return {
    begin: async (epoch) => opened().gate.exclusive(() => opened().applier.begin(epoch)),
    apply: async (epoch, given) =>
      opened().gate.exclusive(async () => {
        const { applier } = opened();
        const guards = await applier.hold(epoch);
        const due = guards.due(epoch, given);
        let isWhole = false;
        const made = new Set<string>();
        const note = async (): Promise<void> => {
          const noted = due.filter((each) => (isUnit(each) ? isWhole : made.has(recordText(each))));
          await applier.guardTable.note(noted.map((each) => guards.note(epoch, each)));
        };
        try {
          await overtaking(() => follow(opened(), due, made));
          isWhole = true;
        } catch (error) {
          // What became of the records matters more, and one without its guard is made again.
          await note().catch(() => undefined);
          throw error;
        }
        await note();
        return due.length;
      }),
    reset: async () => opened().gate.exclusive(() => opened().applier.reset()),
  };
}

/** Makes what is due: the puts of all collections, then the removals. */
async function follow(live: LivePlace, due: readonly Guarded[], made: Set<string>): Promise<void> {
  const { placeOf } = live;
  const found = await findUnits(placeOf, due);
  const { puts, removals } = ledBy(recordsOf(due, found));
  for (const changes of [puts, removals])
    for (const collection of new Set(changes.map((change) => change.collection))) {
      const place = placeOf(collection);
      const steps = await stepsOf(
        place,
        changes.filter((change) => change.collection === collection),
        found,
      );
      const { applier, size } = live;
      await carryOut(place, steps, { applier, size, made: ({ key }) => made.add(recordText({ collection, key })) });
    }
}

/** Keys that are looked for at once. */
const looksAtOnce = 8;

async function stepsOf(place: Place, changes: readonly (Put | Removal)[], found: Found): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (let at = 0; at < changes.length; at += looksAtOnce)
    steps.push(
      ...(await Promise.all(
        changes.slice(at, at + looksAtOnce).map(async (change): Promise<Step> => {
          const { collection, key } = change;
          const known = found.held(collection, key);
          const held = known === undefined ? await find(place, key) : known;
          return { key, held, after: change.kind === 'put' ? change.row : null };
        }),
      )),
    );
  return steps;
}
