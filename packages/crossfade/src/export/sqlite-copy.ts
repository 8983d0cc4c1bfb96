import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ident } from '../core/sql-text.ts';
import { run } from '../drivers/sqlite/run.ts';
import { exactly } from '../staging/check.ts';
import type { RowSum } from './digest.ts';
import type { TextRow } from './rows.ts';
import type { CopyTable } from './sqlite-draft.ts';

/** A new SQLite file, while it is filled. */
export class SqliteCopy {
  private readonly db: DatabaseSync;

  /** Makes the file, readable by its owner alone. */
  constructor(path: string, tables: readonly CopyTable[]) {
    closeSync(openSync(path, 'wx', 0o600));
    this.db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    // SQLite's own temporary files would lie in a folder of the system, and they hold the rows.
    this.db.exec('PRAGMA temp_store = MEMORY; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
    // Indexes from the beginning: to make them once the rows are there, everything would be sorted in memory.
    for (const { create, indexes } of tables) for (const statement of [create, ...indexes]) this.db.exec(statement);
  }

  /** What takes the rows of a table. */
  rows({ name, columns }: CopyTable): (row: TextRow) => void {
    const insert = this.db.prepare(`INSERT INTO ${ident(name)} VALUES (${columns.map(() => '?').join(', ')})`);
    return (row) => {
      run(insert, ...columns.map(({ form }, i) => (row[i] === null ? null : form.cell(row[i]))));
    };
  }

  /** Says how the keys count on, and writes everything. */
  finish(tables: readonly CopyTable[]): void {
    for (const { name, sequence } of tables) {
      if (sequence === null) continue;
      run(this.db.prepare('DELETE FROM sqlite_sequence WHERE name = ?'), name);
      run(this.db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)'), name, sequence);
    }
    this.db.exec('COMMIT');
    this.close();
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }
}

/** Reads a table of the finished file, and adds its rows as PostgreSQL's proof says them. */
export function sumCopy(path: string, { name, columns }: CopyTable, sum: RowSum): void {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const cells = columns.map((column) => exactly(ident(column.name)));
    const statement = db.prepare(
      `SELECT ${cells.length === 0 ? 'NULL' : cells.join(', ')}, ${columns.map((column) => `typeof(${ident(column.name)})`).join(', ')} FROM ${ident(name)}`,
    );
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    for (const row of statement.iterate() as unknown as Iterable<unknown[]>)
      sum.add(columns.map((_, i) => spelled(row[columns.length + i], row[i])));
  } finally {
    db.close();
  }
}

function spelled(type: unknown, cell: unknown): string | null {
  switch (type) {
    case 'integer':
      return `i${String(cell)}`;
    case 'real': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(cell as number);
      return `r${bytes.toString('hex')}`;
    }
    case 'text':
      return `t${Buffer.from(cell as Uint8Array).toString('utf8')}`;
    case 'blob':
      return `b${Buffer.from(cell as Uint8Array).toString('hex')}`;
    default:
      return null;
  }
}
