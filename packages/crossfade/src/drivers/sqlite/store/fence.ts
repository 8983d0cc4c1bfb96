import type { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../../core/errors.ts';
import type { Fence, FenceState } from '../../../store/live/fence.ts';
import { name, quoted } from '../names.ts';
import { resultCodeOf } from '../result-words.ts';
import { run } from '../run.ts';
import type { OpenFile } from './open.ts';
import { isStranger, makePassage } from './passage.ts';
import { has, keepingCapture } from './schema-version.ts';
import { writing } from './writing.ts';

/** What other programs read when they are refused. */
const sentence = 'crossfade: the data is on its way to PostgreSQL, and nothing may be written here';

/** SQLite's extended result code of RAISE in a trigger. */
const raised = 1811;

const kinds = ['INSERT', 'UPDATE', 'DELETE'] as const;

/** The fence of a file that is open when it is asked. */
export function fenceOf(opened: () => OpenFile): Fence {
  return {
    set: (epoch) => writing(opened, (file) => turn(file, epoch, true)),
    lift: (epoch) => writing(opened, (file) => turn(file, epoch, false)),
    state: () => writing(opened, stateOf),
  };
}

/** The refusal of a write by the fence, or null for any other error. */
export function fencedRefusal(error: unknown, path: string): CrossfadeError | null {
  if (resultCodeOf(error) !== raised || !(error instanceof Error) || error.message !== sentence) return null;
  return new CrossfadeError(
    'E_FENCED',
    `${path}: the store is fenced while the lead passes to another store. Nothing was written. Try again when that has ended; the write may then belong to the other store.`,
    { path },
  );
}

function turn(file: OpenFile, epoch: bigint, isSet: boolean): void {
  const { db, path } = file.connection;
  const collections = Object.keys(file.schema);
  keepingCapture(db, () => {
    makePassage(db);
    db.exec(
      'CREATE TABLE IF NOT EXISTS crossfade_fence (collection TEXT PRIMARY KEY, epoch INTEGER NOT NULL, is_set INTEGER NOT NULL)',
    );
    const rows = rowsOf(db);
    for (const collection of collections) {
      const last = rows.get(collection);
      if (last !== undefined && (epoch < last.epoch || (epoch === last.epoch && isSet && !last.isSet)))
        throw overtaken(path, epoch, last.epoch);
    }
    const record = db.prepare(
      'INSERT INTO crossfade_fence (collection, epoch, is_set) VALUES (?, ?, ?) ON CONFLICT (collection) DO UPDATE SET epoch = excluded.epoch, is_set = excluded.is_set',
    );
    for (const collection of collections) {
      for (const [called, sql] of triggersFor(collection)) {
        db.exec(`DROP TRIGGER IF EXISTS ${name(called)}`);
        if (isSet) db.exec(sql);
      }
      run(record, collection, epoch, isSet ? 1 : 0);
    }
  });
}

/** ABORT, whatever conflict clause the statement has: it takes back the statement and lets its transaction decide. */
function triggersFor(collection: string): [string, string][] {
  return kinds.map((kind) => {
    const called = `crossfade.fence.${kind.toLowerCase()}.${collection}`;
    return [
      called,
      `CREATE TRIGGER ${name(called)} BEFORE ${kind} ON ${name(collection)} FOR EACH ROW WHEN ${isStranger} BEGIN SELECT RAISE(ABORT, ${quoted(sentence)}); END`,
    ];
  });
}

function stateOf({ connection: { db }, schema }: OpenFile): FenceState {
  const rows = rowsOf(db);
  const collections = Object.keys(schema);
  const epochs = collections.flatMap((collection) => rows.get(collection)?.epoch ?? []);
  const names = new Set(
    db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
      .all()
      .map((row) => row.name),
  );
  const isSet = collections.every(
    (collection) =>
      rows.get(collection)?.isSet === true && triggersFor(collection).every(([called]) => names.has(called)),
  );
  return { epoch: epochs.length === 0 ? null : epochs.reduce((a, b) => (a > b ? a : b)), isSet };
}

function rowsOf(db: DatabaseSync): Map<string, { readonly epoch: bigint; readonly isSet: boolean }> {
  if (!has(db, 'crossfade_fence')) return new Map();
  const statement = db.prepare('SELECT collection, epoch, is_set FROM crossfade_fence');
  statement.setReadBigInts(true);
  return new Map(
    statement.all().map((row) => [String(row.collection), { epoch: row.epoch as bigint, isSet: row.is_set === 1n }]),
  );
}

function overtaken(path: string, epoch: bigint, last: bigint): CrossfadeError {
  return new CrossfadeError(
    'E_FENCED',
    `${path}: epoch ${epoch} comes too late for the fence, which epoch ${last} has turned. Nothing was changed. Look who leads before going on.`,
    { path, epoch, last },
  );
}
