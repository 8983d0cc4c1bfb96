import { foldName } from '../../../schema/sqlite/sqlite.ts';
import type { Counters } from '../../../store/live/counters.ts';
import { catalogOf, type OpenFile } from './open.ts';
import { writing } from './writing.ts';

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
