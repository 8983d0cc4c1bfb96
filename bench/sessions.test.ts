import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';
import { freshDatabase } from '../packages/crossfade/test/harness/postgres.ts';
import { makeSessions, typedTable } from './sessions.ts';

test("the peer's text file holds the very rows of the SQLite file, as PostgreSQL reads it", async () => {
  const sessions = await makeSessions(tempFolder(), 60, { copyText: true });
  const source = new DatabaseSync(sessions.sqlite, { readOnly: true });
  const expected = source
    .prepare('select session_id, transcript, is_active, created_at from sessions order by session_id')
    .all();
  source.close();

  const database = await freshDatabase();
  await database.query(typedTable);
  const lines = readFileSync(sessions.copyText, 'utf8').trimEnd().split('\n');
  for (const line of lines)
    await database.query(
      'insert into sessions values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      line.split('\t').map(unescape),
    );
  const { rows } = await database.query(
    `select session_id, transcript::text, is_active, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00' as created_at from sessions order by session_id collate "C"`,
  );
  expect(lines).toHaveLength(60);
  expect(rows.map((row) => ({ ...row, transcript: JSON.parse(row.transcript) }))).toEqual(
    expected.map((row) => ({ ...row, transcript: JSON.parse(String(row.transcript)), is_active: row.is_active === 1 })),
  );
});

test('the same number of rows makes the same file, and its largest value is known', async () => {
  const [one, two] = [
    await makeSessions(tempFolder(), 200, { copyText: false }),
    await makeSessions(tempFolder(), 200, { copyText: false }),
  ];
  expect(readFileSync(two.sqlite).equals(readFileSync(one.sqlite))).toBe(true);
  const db = new DatabaseSync(one.sqlite, { readOnly: true });
  expect(db.prepare('select max(octet_length(transcript)) as bytes from sessions').get()?.bytes).toBe(
    one.largestValueBytes,
  );
  db.close();
});

/** COPY's text format, read back: the reverse of what the export does. */
function unescape(field: string): string | null {
  if (field === '\\N') return null;
  return field.replace(/\\(.)/g, (_, sign: string) => ({ n: '\n', t: '\t', r: '\r' })[sign] ?? sign);
}
