import { CrossfadeError } from '../../core/errors.ts';
import type { Key, Row } from '../../schema/collection.ts';
import type { Awaitable } from '../awaitable.ts';

/** A record that is there and cannot be read as the schema says. */
export interface DamagedRecord {
  /** Null where it cannot be told either. */
  readonly key: Key | null;
  /** E_RECORD_DAMAGED, with what finds the record as its facts. */
  readonly error: CrossfadeError;
}

/** Takes what would else end a reading. */
export type OnDamaged = (damaged: DamagedRecord) => void;

/** A record that was found and is not read yet. */
export interface Found {
  /** @throws CrossfadeError E_RECORD_DAMAGED */
  readonly row: () => Row;
  readonly key: () => Key | null;
}

/**
 * As many records as can be read, up to `limit`, and fewer only at the end of what there is; those that cannot be read
 * and lie before the last of them are told. Without anybody to tell, the first of these is thrown.
 *
 * @param look finds the first ones, as many as it is asked for, and fewer only at the end
 */
export async function readable(
  limit: number,
  onDamaged: OnDamaged | undefined,
  look: (limit: number) => Awaitable<readonly Found[]>,
): Promise<Row[]> {
  for (let asked = limit; ; ) {
    const found = await look(asked);
    if (onDamaged === undefined) return found.map(({ row }) => row());
    const [rows, damaged] = sorted(found, limit);
    if (rows.length === limit || found.length < asked) {
      damaged.forEach(onDamaged);
      return rows;
    }
    asked += damaged.length;
  }
}

function sorted(found: readonly Found[], limit: number): [Row[], DamagedRecord[]] {
  const rows: Row[] = [];
  const damaged: DamagedRecord[] = [];
  for (const each of found) {
    if (rows.length === limit) break;
    try {
      rows.push(each.row());
    } catch (error) {
      damaged.push({ key: each.key(), error: damageOf(error) });
    }
  }
  return [rows, damaged];
}

/** The damage of one record that an error is. @throws the error where it is none */
export function damageOf(error: unknown): CrossfadeError {
  if (error instanceof CrossfadeError && error.code === 'E_RECORD_DAMAGED') return error;
  throw error;
}
