import type { Key, Row } from '../../../schema/collection.ts';
import { outcomeUnknown, storeFailed } from '../failure.ts';
import { findAll, findByIds } from '../find.ts';
import type { Place } from '../place.ts';
import { RequestFailure } from '../request-failure.ts';
import { isGone, Overtaken, reasonOf, sameRow } from '../settle.ts';
import { Damage, type Held, type Id, type Record_, type Table } from '../table.ts';
import type { Applier } from './applier.ts';
import { type BatchSize, inBatches, isTooMany } from './batches.ts';

/** What is to become of one record. */
export interface Step {
  readonly key: Key;
  /** What stands there; null for none. */
  readonly held: Held | null;
  /** What is to stand there; null for none. */
  readonly after: Row | null;
}

/** Who writes, and how. */
export interface Writing {
  readonly applier: Applier;
  readonly size: BatchSize;
  /** Is told of each record that stands as it is to stand. */
  readonly made: (step: Step) => void;
}

/** One kind of request. */
interface Kind {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly isMeant: (step: Step) => boolean;
  readonly record: (table: Table, step: Step) => Record<string, unknown>;
}

const idOf = (table: Table, { held }: Step): Record<string, unknown> => ({ [table.idTitle]: held?.id });

const kinds: readonly Kind[] = [
  {
    method: 'POST',
    isMeant: ({ held, after }) => held === null && after !== null,
    record: (table, { after }) => table.cellsOf(after as Row),
  },
  {
    method: 'PATCH',
    isMeant: ({ held, after }) => held !== null && after !== null,
    record: (table, step) => ({ ...table.cellsOf(besideKey(table, step.after as Row)), ...idOf(table, step) }),
  },
  { method: 'DELETE', isMeant: ({ held, after }) => held !== null && after === null, record: idOf },
];

/**
 * Makes records of one collection as they are to be, many a request, and reads each of them back: NocoDB answers errors to
 * writes that it has made, and success to values that it has changed. What stands there already is not sent.
 *
 * @throws CrossfadeError E_STORE_FAILED: those told as made are made; E_OUTCOME_UNKNOWN: others may be, or will be yet
 * @throws Overtaken where somebody else has removed a record: look anew
 */
export async function carryOut(place: Place, steps: readonly Step[], writing: Writing): Promise<void> {
  const { table } = place;
  const open = steps.filter((step) => {
    const isOpen = !stands(table, step, step.held?.row ?? null);
    if (!isOpen) writing.made(step);
    return isOpen;
  });
  for (const kind of kinds) {
    const meant = open.filter(kind.isMeant).map((step) => ({ step, record: kind.record(table, step) }));
    await inBatches(
      writing.size,
      meant,
      ({ record }) => JSON.stringify(record).length,
      async (batch) => {
        await writing.applier.ask();
        await send(place, kind, batch, writing);
      },
    );
  }
}

type Batch = readonly { readonly step: Step; readonly record: Record<string, unknown> }[];

async function send(place: Place, kind: Kind, batch: Batch, writing: Writing): Promise<void> {
  const { table } = place;
  const records = batch.map(({ record }) => record);
  const { body, failure } = await writing.applier.write(kind.method, table.path, records).then(
    (answer) => ({ body: answer.body, failure: null }),
    (error: unknown) => {
      if (error instanceof RequestFailure) return { body: null, failure: error };
      throw error;
    },
  );
  if (failure !== null && isTooMany(failure)) throw failure;
  if (failure?.effect === 'none') throw storeFailed(table.name, 'Not every record was written.', failure);
  const steps = batch.map(({ step }) => step);
  const found = await readBack(place, steps, kind.method === 'POST' ? body : null).catch((error: unknown) => {
    lost(place, writing, failure);
    throw outcomeUnknown(table.name, reasonOf(error));
  });
  const open = steps.filter((step, i) => {
    if (!stands(table, step, found[i]?.row ?? null)) return true;
    place.readings.note(step.key, found[i]);
    writing.made(step);
    return false;
  });
  if (open.length === 0) return;
  if (failure !== null && isGone(failure)) throw new Overtaken();
  if (failure?.isFinal && open.every((step) => isAsBefore(table, step, found[steps.indexOf(step)])))
    throw storeFailed(table.name, 'Not every record was written.', failure);
  lost(place, writing, failure);
  throw outcomeUnknown(table.name, failure ?? new RequestFailure(null, 'FOUND_OTHERWISE', 'unknown'));
}

/** What stands there of each step now. @param made what was answered to records that are new */
async function readBack(place: Place, steps: readonly Step[], made: unknown): Promise<readonly (Held | null)[]> {
  const ids = made === null ? steps.map(({ held }) => held?.id) : idsOf(place.table, made, steps.length);
  if (ids.every((id) => id !== undefined)) {
    const found = await findByIds(place, ids);
    return ids.map((id) => heldOf(place.table, found.get(id)));
  }
  const found: (Held | null)[] = [];
  // Only this store writes here: the record that stands there is the one that was sent.
  for (const { key } of steps) {
    const [first, ...more] = await findAll(place, key);
    found.push(more.length > 0 ? null : (first ?? null));
  }
  return found;
}

function idsOf({ idTitle }: Table, answer: unknown, count: number): readonly (Id | undefined)[] {
  const records = Array.isArray(answer) && answer.length === count ? (answer as readonly (Record_ | null)[]) : [null];
  return records.map((record) => {
    const id = record?.[idTitle];
    return typeof id === 'number' ? id : undefined;
  });
}

function heldOf(table: Table, record: Record_ | undefined): Held | null {
  if (record === undefined) return null;
  try {
    return { id: table.idOf(record), row: table.rowOf(record) };
  } catch (error) {
    if (error instanceof Damage) return null;
    throw error;
  }
}

function stands(table: Table, { after }: Step, row: Row | null): boolean {
  if (row === null || after === null) return row === after;
  return sameRow(table, row, after);
}

function isAsBefore(table: Table, { held }: Step, now: Held | null): boolean {
  if (held === null || now === null) return held === now;
  return sameRow(table, held.row, now.row);
}

/** NocoDB's number says which record is meant, and its key stays. */
function besideKey({ shape }: Table, row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([field]) => !shape.key.includes(field)));
}

/** Nobody knows what became of it. */
function lost(place: Place, { applier }: Writing, failure: RequestFailure | null): void {
  place.readings.forget();
  if (failure !== null && !failure.isFinal) applier.lose();
}
