import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../schema/collection.ts';
import { type Led, type Put, recordText } from '../../store/live/led.ts';
import { applyLed, type Step, takeBack } from '../../store/tables/apply.ts';
import { removal, replacement } from './commit.ts';
import { type Document, memberOf } from './document.ts';
import { documentName } from './file-name.ts';
import { type Folder, indexed, readDocument } from './folder.ts';
import type { Place } from './place.ts';
import { readKey } from './read.ts';
import { carryOut, refuseUnreadable } from './write.ts';

/**
 * Makes what another store leads: judged as a whole first, then put on the disk record by record, and what is to be
 * removed in one step behind them. Nothing else reads or writes meanwhile. Where the disk fails in between, what was made
 * stays. A record that is there as it is to be is not written again.
 *
 * @param made is told of each record that is on the disk as it was given, by its {@link recordText}
 */
export async function follow(place: Place, led: Led, made: (record: string) => void): Promise<void> {
  const folderOf = ({ collection }: { readonly collection: string }): Folder => place.folders.get(collection) as Folder;
  for (const change of [...led.puts, ...led.removals])
    refuseUnreadable(place, folderOf(change), documentName(change.key));
  const equal = new Set<Put>();
  for (const put of led.puts) if (await isThere(folderOf(put), put)) equal.add(put);
  const steps = applyLed(place.tables, led, indexed);
  for (const [i, put] of led.puts.entries()) {
    if (!equal.has(put)) await replace(place, folderOf(put), put, steps.slice(i));
    made(recordText(put));
  }
  const removals = steps.slice(led.puts.length);
  await carryOut(place, removal(place, removals), { steps: removals, log: null, undo: () => takeBack(removals) });
  for (const each of led.removals) made(recordText(each));
}

/** @param steps that of the put, and those that come behind it: none of them is made where this fails */
async function replace(place: Place, folder: Folder, put: Put, steps: readonly Step[]): Promise<void> {
  const name = documentName(put.key);
  const undo = (): void => takeBack(steps);
  const before = await held(folder, name, steps[0]).catch((error: unknown) => {
    undo();
    throw error;
  });
  await carryOut(place, replacement(folder, name, put.row, before), { steps: steps.slice(0, 1), log: null, undo });
}

async function held(folder: Folder, name: string, { before }: Step): Promise<Document | null> {
  return before === undefined ? null : readDocument(folder, name);
}

/** The record is there as it is to be: a load that is repeated writes nothing twice. */
async function isThere(folder: Folder, put: Put): Promise<boolean> {
  if (folder.table.get(put.key) === undefined) return false;
  const found = (await readKey(folder, put.key)) as Row;
  return Object.entries(folder.shape.fields).every(([name, field]) => {
    const [now, then] = [put.row[name], found[name]];
    if (now instanceof Uint8Array || then instanceof Uint8Array) return isDeepStrictEqual(now, then);
    return memberOf(field, now) === memberOf(field, then);
  });
}
