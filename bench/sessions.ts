import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { seeded } from '../packages/crossfade/test/fixtures/random.ts';

/** What every peer moves, made once a number of rows and kept. */
export interface Sessions {
  readonly rows: number;
  readonly sqlite: string;
  /** The same rows in COPY's text format, for `psql \copy`. */
  readonly copyText: string;
  readonly bytes: number;
  readonly largestValueBytes: number;
}

const ddl = `create table sessions (
  session_id text primary key not null, config_id text not null, owner_user_id text, status text not null, is_active boolean not null default 1,
  score real, message_count integer not null, created_at timestamp not null, updated_at timestamp, transcript json)`;

/** The same table in PostgreSQL as somebody would type it who knows the data; `psql \copy` fills it, without keys. */
export const typedTable = `create table sessions (
  session_id text not null, config_id text not null, owner_user_id text, status text not null, is_active boolean not null,
  score double precision, message_count integer not null, created_at timestamptz not null, updated_at timestamptz, transcript jsonb)`;

const words =
  'the quick brown fox jumps over lazy dog while a database engine quietly writes every page to disk and waits für das nächste Ereignis'.split(
    ' ',
  );
const statuses = ['active', 'completed', 'failed', 'cancelled'] as const;

/** A million rows are about 400 MB: JSON transcripts of 1-4 messages, booleans, ISO timestamps with microseconds, doubles, a text key. */
export async function makeSessions(folder: string, rows: number, wanted: { copyText: boolean }): Promise<Sessions> {
  mkdirSync(folder, { recursive: true });
  const sqlite = join(folder, `sessions-${rows}.db`);
  const copyText = join(folder, `sessions-${rows}.copy`);
  const facts = join(folder, `sessions-${rows}.json`);
  if (!existsSync(facts)) {
    writeFileSync(facts, JSON.stringify({ largestValueBytes: fill(sqlite, rows) }));
  }
  if (wanted.copyText && !existsSync(copyText)) await exportCopyText(sqlite, copyText);
  const { largestValueBytes } = JSON.parse(readFileSync(facts, 'utf8')) as { largestValueBytes: number };
  return { rows, sqlite, copyText, bytes: statSync(sqlite).size, largestValueBytes };
}

function fill(path: string, rows: number): number {
  rmSync(path, { force: true });
  const db = new DatabaseSync(path);
  db.exec(`pragma journal_mode = off; pragma synchronous = off; ${ddl}; begin`);
  const insert = db.prepare('insert into sessions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const random = seeded(12_345);
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    const messages = 1 + (i % 4);
    const transcript = JSON.stringify(
      Array.from({ length: messages }, (_, turn) => {
        const content = Array.from({ length: 6 + random.below(14) }, () => random.pick(words)).join(' ');
        return {
          role: turn % 2 === 0 ? 'user' : 'assistant',
          content: i % 50 === 0 ? `${content} "quoted"\n` : content,
        };
      }),
    );
    largest = Math.max(largest, Buffer.byteLength(transcript));
    const at = timeText(i);
    insert.run(
      `s-${((i * 2_654_435_761) >>> 0).toString(16).padStart(8, '0')}${i.toString(36)}`,
      `cfg-${i % 50}`,
      i % 10 === 0 ? null : `user-${i % 300}`,
      statuses[i % 4] as string,
      i % 2,
      i % 7 === 0 ? null : random.next() * 100,
      messages,
      at,
      i % 3 === 0 ? null : at,
      transcript,
    );
  }
  db.exec('commit');
  db.close();
  return largest;
}

function timeText(i: number): string {
  const iso = new Date(1_700_000_000_000 + i * 1_013).toISOString().replace('T', ' ').replace('Z', '');
  return `${iso}${String(i % 1_000).padStart(3, '0')}+00:00`;
}

/** Straight from the file through node:sqlite, so that the peer's input owes nothing to Crossfade. */
async function exportCopyText(sqlite: string, copyText: string): Promise<void> {
  const db = new DatabaseSync(sqlite, { readOnly: true });
  const out = createWriteStream(`${copyText}.part`);
  let lines = '';
  for (const row of db.prepare('select * from sessions order by rowid').iterate()) {
    lines += `${Object.values(row).map(copyField).join('\t')}\n`;
    if (lines.length < 1_000_000) continue;
    if (!out.write(lines)) await once(out, 'drain');
    lines = '';
  }
  out.end(lines);
  await once(out, 'finish');
  db.close();
  renameSync(`${copyText}.part`, copyText);
}

function copyField(value: SQLOutputValue): string {
  if (value === null) return '\\N';
  return `${value as string | number}`.replace(
    /[\\\t\n\r]/g,
    (sign) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[sign] as string,
  );
}
