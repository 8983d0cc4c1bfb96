import { isUtf8 } from 'node:buffer';
import type { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../../core/errors.ts';
import type { Collection, FieldType, Key, Value } from '../../../schema/collection.ts';
import { canonical } from '../../../schema/values/field-values.ts';
import { parseJson } from '../../../schema/values/json-value.ts';
import type { Capture, JournalEntry, Standing } from '../../../store/live/capture.ts';
import { foldName } from '../../../schema/sqlite/sqlite.ts';
import { name } from '../names.ts';
import { run } from '../run.ts';
import { capturePrefix, captureTriggers, collectionOf } from './capture-triggers.ts';
import { unfitPlace } from './failure.ts';
import { catalogOf, type OpenFile } from './open.ts';
import { dropPassage, makePassage } from './passage.ts';
import { has, keepingCapture, schemaVersion } from './schema-version.ts';
import { writing } from './writing.ts';

/** The capture of a file that is open when it is asked. It also reads in transactions: what is compared has to be of one state. */
export function captureOf(opened: () => OpenFile): Capture {
  return {
    install: () => writing(opened, (file) => install(file)),
    remove: () => writing(opened, remove),
    stands: () => writing(opened, standing),
    entries: (limit) =>
      writing(opened, (file) => (has(file.connection.db, 'crossfade_journal') ? entries(file, limit) : [])),
    clear: (seen) =>
      writing(opened, ({ connection, schema }) => {
        if (!has(connection.db, 'crossfade_journal')) return;
        const statement = connection.prepared('DELETE FROM crossfade_journal WHERE counter = ? AND collection = ?');
        for (const { counter, collection } of seen)
          if (Object.hasOwn(schema, collection)) run(statement, counter, collection);
      }),
  };
}

function install(file: OpenFile): void {
  const { db, path } = file.connection;
  const installed = installedVersions(db);
  const known = Object.keys(file.schema).filter((collection) => installed.has(collection));
  const { unarmed, isSchemaChanged } = standing(file);
  const broken = known.filter((collection) => isSchemaChanged || unarmed.includes(collection));
  if (broken.length > 0)
    throw new CrossfadeError(
      'E_STORE_DAMAGED',
      `${path}: the capture of ${broken.join(', ')} was installed and no longer stands, because the schema was changed. Writes may have passed it. Remove the capture, install it anew, and verify everything.`,
      { path, collections: broken },
    );
  keepingCapture(db, () => {
    makeTables(db);
    for (const collection of unarmed) for (const sql of wanted(file, collection).values()) db.exec(sql);
  });
  const record = db.prepare('INSERT INTO crossfade_capture (collection, schema_version) VALUES (?, ?)');
  for (const collection of unarmed) run(record, collection, schemaVersion(db));
}

/** The counter begins at the time of day: who has seen an entry of a journal that was removed clears none of this one. */
function makeTables(db: DatabaseSync): void {
  makePassage(db);
  if (has(db, 'crossfade_journal')) return;
  db.exec(`CREATE TABLE crossfade_journal (
    counter INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, key TEXT NOT NULL, UNIQUE (collection, key));
  INSERT INTO sqlite_sequence (name, seq) VALUES ('crossfade_journal', CAST(unixepoch('subsec') * 1000 AS INTEGER));
  CREATE TABLE crossfade_capture (collection TEXT PRIMARY KEY, schema_version INTEGER NOT NULL)`);
}

/** Only what is of the store's own collections: the file may be that of several stores. */
function remove({ connection: { db }, schema }: OpenFile): void {
  keepingCapture(db, () => {
    for (const called of triggersOf(db).keys())
      if (Object.hasOwn(schema, collectionOf(called))) db.exec(`DROP TRIGGER ${name(called)}`);
    if (!has(db, 'crossfade_capture')) return;
    for (const table of ['crossfade_capture', 'crossfade_journal']) {
      const forget = db.prepare(`DELETE FROM ${table} WHERE collection = ?`);
      for (const collection of Object.keys(schema)) run(forget, collection);
    }
    if (installedVersions(db).size > 0) return;
    db.exec('DROP TABLE crossfade_capture; DROP TABLE crossfade_journal');
    dropPassage(db);
  });
}

function standing(file: OpenFile): Standing {
  const { db } = file.connection;
  const installed = installedVersions(db);
  const version = schemaVersion(db);
  const collections = Object.keys(file.schema);
  const isSchemaChanged = collections.some((collection) => (installed.get(collection) ?? version) !== version);
  const present = triggersOf(db);
  const unarmed = collections.filter((collection) => {
    if (!installed.has(collection)) return true;
    // Every trigger has its name in the table of the schema while the version is that of the installation.
    if (installed.get(collection) === version) return false;
    return [...wanted(file, collection)].some(([called, sql]) => present.get(called) !== sql);
  });
  return { stands: unarmed.length === 0 && !isSchemaChanged, unarmed, isSchemaChanged };
}

function installedVersions(db: DatabaseSync): Map<string, number> {
  if (!has(db, 'crossfade_capture')) return new Map();
  const rows = db.prepare('SELECT collection, schema_version AS version FROM crossfade_capture').all();
  return new Map(rows.map(({ collection, version }) => [String(collection), Number(version)]));
}

function triggersOf(db: DatabaseSync): Map<string, string> {
  const rows = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND substr(name, 1, ?) = ?")
    .all(capturePrefix.length, capturePrefix);
  return new Map(rows.map((row) => [String(row.name), String(row.sql)]));
}

/** The triggers that a collection needs, as its table is now. */
function wanted({ connection: { path, db }, schema }: OpenFile, collection: string): Map<string, string> {
  const table = catalogOf(path, db).find((each) => foldName(each.name) === foldName(collection));
  if (table === undefined)
    return new Map([[`${capturePrefix}insert.${collection}`, 'a table that is gone has no trigger']]);
  try {
    return captureTriggers(collection, schema[collection], table);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw unfitPlace(
      path,
      `${error.message} Capture would miss what a replacing write deletes, and was not installed. Write the index in plainer words.`,
    );
  }
}

function entries({ connection, schema }: OpenFile, limit: number): JournalEntry[] {
  // As bytes, because the API would make U+FFFD of what is no UTF-8.
  const rows = connection
    .prepared(
      `SELECT counter, collection, CAST(key AS BLOB) FROM crossfade_journal
        WHERE collection IN (SELECT value FROM json_each(?)) ORDER BY counter LIMIT ?`,
    )
    .all(JSON.stringify(Object.keys(schema)), limit) as unknown as [number, string, Uint8Array][];
  return rows.map(([counter, collection, bytes]) => ({
    collection,
    key: isUtf8(bytes) ? keyOf(schema[collection], Buffer.from(bytes).toString()) : null,
    counter,
    isSettled: true,
  }));
}

function keyOf(shape: Collection | undefined, text: string): Key | null {
  if (shape === undefined) return null;
  try {
    const values = parseJson(text) as readonly Value[];
    return shape.key.map((field, i) => keyValue(shape.fields[field].type, values[i]));
  } catch {
    return null;
  }
}

/** JSON knows one kind of integer. @throws ValueFault */
function keyValue(type: FieldType, value: Value): Value {
  const given = type === 'bigint' && typeof value === 'number' ? BigInt(value) : value;
  const held = canonical(type, given);
  if (held !== given) throw new TypeError('another spelling is another key');
  return held;
}
