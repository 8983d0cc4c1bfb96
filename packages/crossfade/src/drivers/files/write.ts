import { CrossfadeError } from '../../core/errors.ts';
import type { Row } from '../../schema/collection.ts';
import type { DriverChange } from '../../store/contract.ts';
import type { Intent, IntentLog } from '../../store/live/intents.ts';
import { applyChanges, isChange, type Step, takeBack } from '../../store/tables/apply.ts';
import { type Commit, removal, replacement } from './commit.ts';
import { outcomeUnknown, storeDamaged, storeFailed } from './failure.ts';
import { documentName } from './file-name.ts';
import { type Folder, indexed, readDocument, readRecord } from './folder.ts';
import type { Place } from './place.ts';

/** Makes one change of the application. Nothing else reads or writes meanwhile. @throws CrossfadeError E_FENCED */
export async function writeChange(place: Place, change: DriverChange): Promise<void> {
  place.fence.refuse();
  await makeChange(place, change, place.intents);
}

/**
 * Makes one change, in the tables and on the disk. Nothing else reads or writes meanwhile.
 *
 * @param log has it on the disk before anybody can see it; null for what is not captured
 */
export async function makeChange(place: Place, change: DriverChange, log: IntentLog | null): Promise<void> {
  const folder = place.folders.get(change.collection) as Folder;
  const name = documentName(change.key);
  refuseUnreadable(place, folder, name);
  const before = folder.table.get(change.key) === undefined ? null : await readDocument(folder, name);
  const steps = applyChanges(place.tables, [change], indexed);
  const commit =
    change.kind === 'remove'
      ? removal(place, steps)
      : replacement(folder, name, change.kind === 'patch' ? change.set : change.row, before);
  await carryOut(place, commit, { steps, log, undo: () => takeBack(steps) });
}

/** What a commit is about. */
interface Carried {
  /** What it does to the tables, where it is done already. */
  readonly steps: readonly Step[];
  readonly log: IntentLog | null;
  /** Makes the tables what they are to be when the commit is not made. */
  readonly undo: () => void;
}

/** Brings to the disk what the tables have. @throws CrossfadeError E_STORE_FAILED, E_RECORD_DAMAGED: nothing of it is there; E_OUTCOME_UNKNOWN */
export async function carryOut(place: Place, commit: Commit, { steps, log, undo }: Carried): Promise<void> {
  let intent: Intent | null = null;
  try {
    await keepPast(place, steps);
    intent = await prepare(commit, steps, log);
    await commit.make();
  } catch (error) {
    undo();
    await commit.discard();
    intent?.end();
    throw error instanceof CrossfadeError ? error : storeFailed(place.dir, 'Nothing was written.', error);
  }
  try {
    await commit.settle();
  } catch (error) {
    place.isUnsure = true;
    throw outcomeUnknown(place.dir, error);
  } finally {
    intent?.end();
  }
}

/** The intent is on its way to the disk together with what nobody reads yet: the two wait for one another, not in turn. */
async function prepare(commit: Commit, steps: readonly Step[], log: IntentLog | null): Promise<Intent | null> {
  const touched = steps.filter(isChange).map(({ table, key }) => ({ collection: table.name, key }));
  const [prepared, noted] = await Promise.allSettled([commit.prepare(), log?.begin(touched) ?? null]);
  if (noted.status === 'rejected') throw noted.reason;
  if (prepared.status === 'fulfilled') return noted.value;
  noted.value?.end();
  throw prepared.reason;
}

/** Whoever reads a snapshot has to find the record as it was. */
async function keepPast({ past, folders }: Place, steps: readonly Step[]): Promise<void> {
  if (!past.isRead) return;
  for (const step of steps.filter(isChange)) past.keep(step, await wholeBefore(folders, step));
}

async function wholeBefore(folders: Place['folders'], { table, key, before }: Step): Promise<Row | null> {
  if (before === undefined) return null;
  return readRecord(folders.get(table.name) as Folder, documentName(key), before);
}

/** A document that nobody can read is not replaced, and none is written whose fitness it would decide. */
export function refuseUnreadable({ judges }: Place, folder: Folder, name: string): void {
  const file = `${name}.json`;
  const what = 'Nothing was written.';
  const reason = folder.damaged.get(file);
  if (reason !== undefined) throw storeDamaged(folder.name, [file], reason, what);
  const unreadable = judges.get(folder.name)?.find(({ damaged }) => damaged.size > 0);
  if (unreadable === undefined) return;
  const why = 'cannot be read, so that nobody can say whether unique sets and references would be kept';
  throw storeDamaged(unreadable.name, [...unreadable.damaged.keys()], why, what);
}
