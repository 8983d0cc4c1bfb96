import { foldName } from '../../../schema/sqlite/sqlite.ts';
import type { Counters } from '../../../store/live/counters.ts';
import { run } from '../run.ts';
import { catalogOf, type OpenFile } from './open.ts';
import { writing } from './writing.ts';

/** The counters of a file that is open when it is asked. */
export function countersOf(opened: () => OpenFile): Counters {
  return {
    raise: (collection, atLeast) =>
      writing(opened, ({ connection: { db, path } }) => {
        const table = catalogOf(path, db).find((each) => foldName(each.name) === foldName(collection));
        if (table === undefined || !table.autoincrement) return false;
        const raise = db.prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?');
        if (run(raise, atLeast, table.name) === 0)
          run(db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)'), table.name, atLeast);
        return true;
      }),
  };
}
