import type pg from 'pg';
import type { Row } from '../../../schema/collection.ts';
import type { Bulk, Snapshot } from '../../../store/live/bulk.ts';
import { readable } from '../../../store/live/damaged.ts';
import { keyTexts } from '../change-statements.ts';
import { rangeText } from '../range-statement.ts';
import type { Parameter } from '../statement.ts';
import type { Table } from '../table.ts';
import { checkEpoch } from './epoch.ts';
import { loadRange } from './load.ts';
import { type LivePlace, run } from './place.ts';

/** The bulk of a store. */
export function bulkOf(place: LivePlace): Bulk {
  const tableOf = (collection: string): Table => place.opened().tables.get(collection) as Table;
  return {
    range: (collection, range, limit, onDamaged) => {
      const table = tableOf(collection);
      return readable(limit, onDamaged, async (most) => {
        const { text, values } = rangeText(table, range, most);
        const { rows } = await place.read(text, values);
        return rows.map((cells) => ({ row: () => table.rowOf(cells), key: () => table.keyOf(cells) }));
      });
    },
    load: (epoch, collection, range, rows, keep = []) => {
      const table = tableOf(collection);
      const { isOrderFree } = place.opened();
      return place.change('once', async (client) => {
        await checkEpoch(client, place, epoch);
        return loadRange(client, table, { range, rows, keep, isOrderFree });
      });
    },
    snapshot: (read) => place.snapshot((client) => read(snapshotOf(client, place, tableOf))),
  };
}

function snapshotOf(client: pg.Client, { told }: LivePlace, tableOf: (collection: string) => Table): Snapshot {
  const rowsOf = async (table: Table, text: string, values: readonly Parameter[]): Promise<Row[]> => {
    const { rows } = await run(client, text, values).catch((error: unknown) => {
      throw told(error);
    });
    return rows.map((cells) => table.rowOf(cells));
  };
  return {
    read: async (collection, key) => {
      const table = tableOf(collection);
      const rows = await rowsOf(table, keyTexts(table).read, table.parametersOf(table.shape.key, key));
      return rows[0] ?? null;
    },
    range: (collection, range, limit) => {
      const table = tableOf(collection);
      const { text, values } = rangeText(table, range, limit);
      return rowsOf(table, text, values);
    },
  };
}
