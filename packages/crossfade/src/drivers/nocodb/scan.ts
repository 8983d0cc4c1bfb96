import type { Row } from '../../schema/collection.ts';
import { keyOf } from '../../store/check-change.ts';
import type { DriverScan } from '../../store/contract.ts';
import { holds } from '../../store/tables/table.ts';
import { findByIds, reading as told } from './find.ts';
import type { Place } from './place.ts';
import { knownPart, type Reading } from './reading.ts';
import type { Id, Record_ } from './table.ts';

/** As many Ids as surely fit into a URL. */
const batchSize = 500;

/** A page: in the order of a reading, with each record as it stands now. @throws CrossfadeError E_RECORD_DAMAGED, E_STORE_FAILED */
export function scanPlace(place: Place, scan: DriverScan): Promise<readonly Row[]> {
  return told(place, 'Nothing was read.', async () => {
    const reading = await place.readings.for(place.requests, place.table, scan.after === null);
    const found: Row[] = [];
    let after = scan.after;
    for (;;) {
      const limit = Math.min(scan.limit - found.length, batchSize);
      const batch = limit === 0 ? [] : reading.known.scan({ ...knownPart(reading, scan), after, limit });
      if (batch.length === 0) return found;
      const records = await recordsOf(place, reading, batch);
      for (const known of batch) {
        const key = keyOf(place.table.shape, known);
        const record = records.get(reading.idOf(key));
        const row = record === undefined ? null : place.table.rowOf(record);
        // Somebody else has moved it: it is met again where it stands now, if that is still ahead.
        if (row !== null && !reading.isAsKnown(row)) {
          reading.note(key, null);
          reading.note(keyOf(place.table.shape, row), { id: place.table.idOf(record as Record_), row });
          break;
        }
        after = scan.order.map((field) => known[field]);
        if (row !== null && scan.where.every((condition) => holds(row, condition))) found.push(row);
      }
    }
  });
}

function recordsOf(place: Place, reading: Reading, batch: readonly Row[]): Promise<Map<Id, Record_>> {
  return findByIds(
    place,
    batch.map((known) => reading.idOf(keyOf(place.table.shape, known))),
  );
}
