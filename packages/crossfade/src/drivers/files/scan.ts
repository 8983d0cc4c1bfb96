import type { Row } from '../../schema/collection.ts';
import type { DriverScan } from '../../store/contract.ts';
import { keyOf } from '../../store/check-change.ts';
import { holds } from '../../store/tables/table.ts';
import { storeDamaged } from './failure.ts';
import { documentName } from './file-name.ts';
import { type Folder, indexed, readRecord } from './folder.ts';

/** Documents that are read side by side. */
const batchSize = 32;

/** A page: order, and what of the conditions is known, from memory; the records from their documents. */
export async function scanFolder(folder: Folder, scan: DriverScan): Promise<Row[]> {
  const { damaged, name } = folder;
  if (damaged.size > 0)
    throw storeDamaged(
      name,
      [...damaged.keys()],
      'cannot be read, so a scan would leave them out',
      'Nothing was read.',
    );
  const found: Row[] = [];
  for (const batch of batches(folder, scan)) {
    const rows = await Promise.all(
      batch.map((known) => readRecord(folder, documentName(keyOf(folder.shape, known)), known)),
    );
    for (const row of rows)
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
