import { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';

/** The record of the bench. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly age: number;
  readonly at: string;
}

/** What is measured, of a store and of plain code. */
export interface Side {
  get(id: string): Promise<unknown>;
  put(row: Person): Promise<unknown>;
  page(after: string): Promise<unknown>;
}

/** How many records a page has. */
export const pageSize = 100;

const columns = 'id, name, age, at';
const upsert = `INSERT INTO people (${columns}) VALUES (?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, age = excluded.age, at = excluded.at`;

/** The same statements as one writes them by hand, with the defaults of node-postgres. */
export function plainPostgres(pool: pg.Pool): Side {
  const run = (name: string, text: string, values: unknown[]) => pool.query({ name, text, values });
  return {
    get: async (id) => (await run('get', `SELECT ${columns} FROM bench.people WHERE id = $1`, [id])).rows[0] as unknown,
    put: ({ id, name, age, at }) =>
      run(
        'put',
        `INSERT INTO bench.people (${columns}) VALUES ($1, $2, $3, $4)
          ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, age = EXCLUDED.age, at = EXCLUDED.at`,
        [id, name, age, at],
      ),
    page: async (after) =>
      (await run('page', `SELECT ${columns} FROM bench.people WHERE id > $1 ORDER BY id LIMIT ${pageSize}`, [after]))
        .rows,
  };
}

/** Records in a Map, checked and copied on their way in, copied on their way out; their ids stand in order. */
export function plainMemory(): Side {
  const rows = new Map<string, Person>();
  const ids: string[] = [];
  const firstAfter = (id: string): number => {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ids[middle] <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    get: async (id) => {
      const row = rows.get(whole(id));
      return row === undefined ? null : { ...row };
    },
    put: async (row) => {
      const kept = checked(row);
      if (!rows.has(kept.id)) ids.splice(firstAfter(kept.id), 0, kept.id);
      rows.set(kept.id, kept);
    },
    page: async (after) => {
      const at = firstAfter(whole(after));
      return ids.slice(at, at + pageSize).map((id) => ({ ...rows.get(id) }));
    },
  };
}

/** The same statements on the file of a store, prepared once, with its settings, and what comes and goes is checked. */
export function plainSqlite(path: string): Side & { close(): void } {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0');
  db.exec('PRAGMA recursive_triggers = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec(
    'CREATE TABLE IF NOT EXISTS people (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL, at TEXT NOT NULL)',
  );
  const get = db.prepare(`SELECT ${columns} FROM people WHERE id = ?`);
  const put = db.prepare(upsert);
  const page = db.prepare(`SELECT ${columns} FROM people WHERE id > ? ORDER BY id LIMIT ${pageSize}`);
  return {
    get: async (id) => {
      const row = get.get(whole(id));
      return row === undefined ? null : checked(row as unknown as Person);
    },
    put: async (row) => {
      const { id, name, age, at } = checked(row);
      put.run(id, name, age, at);
    },
    page: async (after) => page.all(whole(after)).map((row) => checked(row as unknown as Person)),
    close: () => db.close(),
  };
}

/** A record of its own with every value looked at, as a careful author writes it. */
function checked({ id, name, age, at, ...more }: Person): Person {
  if (Object.keys(more).length > 0) throw new TypeError('a person has other fields');
  if (!Number.isInteger(age) || age !== (age | 0)) throw new TypeError('an age is an integer of 32 bits');
  return { id: whole(id), name: whole(name), age, at: moment(at) };
}

function whole(value: unknown): string {
  if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0'))
    throw new TypeError('a text is one that every database holds');
  return value;
}

const momentForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})Z$/;

function moment(value: unknown): string {
  const found = typeof value === 'string' ? momentForm.exec(value) : null;
  if (found === null || Number.isNaN(Date.parse(`${found[0].slice(0, 19)}Z`)))
    throw new TypeError('a moment is in UTC');
  return found[0];
}
