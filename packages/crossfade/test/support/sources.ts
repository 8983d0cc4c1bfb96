import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { tempFolder } from '../harness/folders.ts';

/** A source file made by these statements, in a folder of its own. */
export function sourceFile(...statements: readonly string[]): string {
  const path = join(tempFolder('source-'), 'app.db');
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  for (const statement of statements) db.exec(statement);
  db.close();
  return path;
}

/** `SELECT` of the numbers from 1 to n, as column i of table n. */
export function numbers(count: number): string {
  return `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
}

/** A bit of everything: keys of three kinds, a foreign key, indexes of three kinds, every family of types, an empty table, a view. */
export function smallSource(): string {
  return sourceFile(
    `CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, active BOOLEAN DEFAULT 1,
       score REAL, born DATE, photo BLOB, prefs JSON, created_at DATETIME, note TEXT DEFAULT '')`,
    `CREATE TABLE visit (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
       minutes INTEGER CHECK (minutes >= 0), price NUMERIC)`,
    `CREATE TABLE setting (k TEXT NOT NULL, lang TEXT NOT NULL, v TEXT, PRIMARY KEY (k, lang)) WITHOUT ROWID`,
    'CREATE TABLE nothing_yet (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT)',
    'CREATE INDEX visit_person ON visit (person_id, minutes DESC)',
    `CREATE INDEX person_active ON person (created_at) WHERE active = 1`,
    'CREATE VIEW people AS SELECT email FROM person',
    `${numbers(60)} INSERT INTO person SELECT i, 'p' || i || '@example.org', i % 2, i / 7.0, printf('19%02d-05-17', i + 10),
       randomblob(i), '{"n":' || i || ',"tags":["a","ä"]}', printf('2026-01-02T03:04:%02d.%03dZ', i % 60, i),
       CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'line' || char(10) || char(9) || '\\N ' || char(128512) END FROM n`,
    `${numbers(200)} INSERT INTO visit SELECT i * 3, 1 + i % 60, i, i || '.25' FROM n`,
    `${numbers(50)} INSERT INTO setting SELECT 'key' || i, CASE i % 2 WHEN 0 THEN 'de' ELSE 'en' END, 'v' || i FROM n`,
    // Keys that have been and are gone: the next one lies beyond them.
    `UPDATE sqlite_sequence SET seq = 900 WHERE name = 'person'`,
    `INSERT INTO sqlite_sequence (name, seq) VALUES ('nothing_yet', 41)`,
  );
}

/** A table that one COPY cannot take: several chunks, and enough of them to be interrupted in the middle. */
export function largeSource(rows: number): string {
  return sourceFile(
    'CREATE TABLE event (id INTEGER PRIMARY KEY, kind INTEGER, label TEXT)',
    `${numbers(rows)} INSERT INTO event SELECT i, i % 7, 'e' || i FROM n`,
  );
}

/** Adds a row that PostgreSQL cannot hold, with key 9000. */
export function addUnheldRow(source: string): void {
  const db = new DatabaseSync(source);
  db.exec(`INSERT INTO person (id, email, note) VALUES (9000, 'nul@example.org', 'a' || char(0) || 'b')`);
  db.close();
}
