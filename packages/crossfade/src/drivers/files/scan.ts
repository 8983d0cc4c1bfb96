import type { Row } from '../../schema/collection.ts';
import type { DriverScan } from '../../store/contract.ts';
import { holds } from '../../store/tables/table.ts';
import { type Folder, indexed } from './folder.ts';
import { batchSize, readKnown, refuseDamaged } from './read.ts';

/** A page: order, and what of the conditions is known, from memory; the records from their documents. */
export async function scanFolder(folder: Folder, scan: DriverScan): Promise<Row[]> {
  refuseDamaged(folder);
  const found: Row[] = [];
  for (const batch of batches(folder, scan)) {
    for (const row of await readKnown(folder, batch))
      if (found.length < scan.limit && scan.where.every((condition) => holds(row, condition))) found.push(row);
    if (found.length === scan.limit) break;
  }
  return found;
}

function* batches(folder: Folder, scan: DriverScan): Iterable<Row[]> {
  const sample = indexed({}, folder);
  const known = scan.where.filter(({ field }) => Object.hasOwn(sample, field));
  const size = known.length === scan.where.length ? Math.min(scan.limit, batchSize) : batchSize;
  let batch: Row[] = [];
  for (const row of folder.table.walk(scan)) {
    if (!known.every((condition) => holds(row, condition))) continue;
    batch.push(row);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
