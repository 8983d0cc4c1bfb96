import { foldName } from '../../../schema/sqlite/sqlite.ts';
import { catalogOf, type OpenFile } from './open.ts';
import { writing } from './writing.ts';

/** The numbers that SQLite gives to new records. */
export interface Counters {
  /**
   * Lets no number up to `atLeast` be given again; a counter that is beyond stays. False where the table has none: without
   * AUTOINCREMENT SQLite gives the number behind the largest one that is there.
   */
  raise(collection: string, atLeast: bigint): Promise<boolean>;
}

/** The counters of a file that is open when it is asked. */
export function countersOf(opened: () => OpenFile): Counters {
  return {
    raise: (collection, atLeast) =>
      writing(opened, ({ connection: { db, path } }) => {
        const table = catalogOf(path, db).find((each) => foldName(each.name) === foldName(collection));
        if (table === undefined || !table.autoincrement) return false;
        const raised = db
          .prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?')
          .run(atLeast, table.name);
        if (Number(raised.changes) === 0)
          db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table.name, atLeast);
        return true;
      }),
  };
}
