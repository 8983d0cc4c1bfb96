import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { membersOf } from './document.ts';
import type { AsideEntry, Entry, ReadEntries, RecordEntry, RemarkEntry, UnreadableEntry } from './entry.ts';
import { Names } from './names.ts';
import { Survey } from './survey.ts';
import { bytesOf, cellOf, createStatement, insertStatement, type LaidTable, tableOf } from './table.ts';

/** What was laid, and what could not be. */
export interface Laid {
  readonly tables: readonly LaidTable[];
  readonly unreadable: readonly UnreadableEntry[];
  readonly aside: readonly AsideEntry[];
  readonly remarks: readonly RemarkEntry[];
  /** About tables and columns; nothing of a record is in them. */
  readonly warnings: readonly string[];
  /** SHA-256 over everything that was read, in its order: the same as long as the source is. */
  readonly digest: string;
}

/**
 * Lays a source into a new SQLite file: first every record as it stands, then, once all of them have been seen, in columns
 * that hold their values to the digit. The file is made readable by its owner alone.
 */
export async function lay(path: string, read: ReadEntries): Promise<Laid> {
  const scratch = `${path}-scratch`;
  for (const each of [path, scratch]) closeSync(openSync(each, 'wx', 0o600));
  const db = new DatabaseSync(path);
  try {
    // SQLite's own temporary files would lie in a folder of the system, and they hold the records.
    db.exec('PRAGMA temp_store = MEMORY');
    db.prepare('ATTACH ? AS scratch').run(scratch);
    // The files are of no use to anybody but this run, which removes them. Some Nodes refuse to do without a journal.
    for (const file of ['main', 'scratch'])
      db.exec(`PRAGMA ${file}.journal_mode = MEMORY; PRAGMA ${file}.synchronous = OFF`);
    db.exec('BEGIN');
    const laying = new Laying(db);
    for await (const entry of read()) laying.add(entry);
    const laid = laying.finish();
    db.exec('COMMIT');
    return laid;
  } finally {
    db.close();
    rmSync(scratch, { force: true });
  }
}

class Laying {
  private readonly db: DatabaseSync;
  private readonly surveys = new Map<string, Survey>();
  private readonly unreadable: UnreadableEntry[] = [];
  private readonly aside: AsideEntry[] = [];
  private readonly remarks: RemarkEntry[] = [];
  private readonly digest = createHash('sha256');
  private records = 0;

  constructor(db: DatabaseSync) {
    this.db = db;
    // Indexes from the beginning: to make them, or to count without them, everything would be sorted in memory.
    db.exec(`CREATE TABLE scratch.record (number INTEGER PRIMARY KEY, source INTEGER, name BLOB, id TEXT, text TEXT);
      CREATE INDEX scratch.by_source ON record (source, number);
      CREATE INDEX scratch.by_name ON record (source, name);
      CREATE INDEX scratch.by_id ON record (source, id);
      CREATE TABLE scratch.attachment (number INTEGER, member TEXT, bytes BLOB, PRIMARY KEY (number, member)) WITHOUT ROWID`);
  }

  add(entry: Entry): void {
    addTo(this.digest, entry);
    if (entry.kind === 'remark') this.remarks.push(entry);
    else if (entry.kind === 'aside') this.aside.push(entry);
    else {
      const survey = this.surveyOf(entry.table);
      if (entry.kind === 'empty') survey.expect(entry.members ?? []);
      if (entry.kind === 'unreadable') this.unreadable.push(entry);
      if (entry.kind === 'record') this.keep(survey, entry);
    }
  }

  finish(): Laid {
    const names = new Names('table');
    const tables = [...this.surveys.values()].map((survey) => this.table(survey, names.of(survey.table)));
    const renamed = names.renamed.map(
      ({ from, to }) =>
        `The records of ${JSON.stringify(from)} became the table ${to}: SQL does not tell its name from another one, or cannot say it.`,
    );
    return {
      tables,
      unreadable: this.unreadable,
      aside: this.aside,
      remarks: this.remarks,
      warnings: [...renamed, ...tables.flatMap(({ warnings }) => warnings)],
      digest: this.digest.digest('hex'),
    };
  }

  private surveyOf(table: string): Survey {
    let survey = this.surveys.get(table);
    if (survey === undefined) {
      survey = new Survey(table);
      this.surveys.set(table, survey);
    }
    return survey;
  }

  private numberOf(table: string): number {
    return [...this.surveys.keys()].indexOf(table);
  }

  private keep(survey: Survey, { table, name, text, bytes }: RecordEntry): void {
    const members = membersOf(text);
    survey.add(members, bytes, name);
    const id = members.get('id') ?? members.get('_id') ?? null;
    // One spelling of a text, so that equal ones are found.
    const spelled = id?.startsWith('"') === true ? JSON.stringify(JSON.parse(id)) : id;
    const number = ++this.records;
    this.statement('INSERT INTO scratch.record VALUES (?, ?, ?, ?, ?)').run(
      number,
      this.numberOf(table),
      name === null ? null : bytesOf(name),
      spelled,
      text,
    );
    for (const [member, content] of bytes)
      this.statement('INSERT INTO scratch.attachment VALUES (?, ?, ?)').run(number, JSON.stringify(member), content);
  }

  private readonly statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();

  private statement(sql: string): ReturnType<DatabaseSync['prepare']> {
    let found = this.statements.get(sql);
    if (found === undefined) {
      found = this.db.prepare(sql);
      this.statements.set(sql, found);
    }
    return found;
  }

  private table(survey: Survey, name: string): LaidTable & { readonly warnings: readonly string[] } {
    const source = this.numberOf(survey.table);
    const isUnique = (member: string | null): boolean => {
      const column = member === null ? 'name' : 'id';
      const twice = this.db.prepare(
        `SELECT 1 FROM scratch.record WHERE source = ? GROUP BY ${column} HAVING count(*) > 1 LIMIT 1`,
      );
      return twice.get(source) === undefined;
    };
    const table = tableOf(survey, name, isUnique);
    this.db.exec(createStatement(table));
    const insert = this.db.prepare(insertStatement(table));
    const attached = this.db.prepare('SELECT member, bytes FROM scratch.attachment WHERE number = ?');
    const rows = this.db.prepare('SELECT number, name, text FROM scratch.record WHERE source = ? ORDER BY number');
    for (const row of rows.iterate(source)) {
      const members = membersOf(String(row.text));
      const bytes = new Map(
        attached.all(row.number).map((each) => [JSON.parse(String(each.member)) as string, each.bytes as Uint8Array]),
      );
      const cells = table.columns.map(({ member, form }) =>
        member === null ? (row.name as Uint8Array | null) : cellOf(form, members.get(member), bytes.get(member)),
      );
      insert.run(...cells);
    }
    return table;
  }
}

/** Adds an entry to a digest over all of them; lengths stand before what varies, so that nothing can shift. */
export function addTo(digest: Hash, entry: Entry): void {
  const { bytes, ...plain } = entry.kind === 'record' ? entry : { ...entry, bytes: new Map<string, Uint8Array>() };
  const text = JSON.stringify(plain);
  digest.update(`${Buffer.byteLength(text)} ${bytes.size}\n`).update(text);
  for (const [member, content] of bytes) digest.update(`${JSON.stringify(member)} ${content.length}\n`).update(content);
}
