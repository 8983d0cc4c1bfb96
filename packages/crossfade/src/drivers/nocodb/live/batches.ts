import { RequestFailure } from '../request-failure.ts';

/** A request holds no more text than this: servers take 50 MB, what stands before them often less. */
const lengthMax = 4_000_000;

/** How many records one request may write. */
export interface BatchSize {
  /** It shrinks where the server says that it takes fewer. */
  recordsMax: number;
}

/** Newer versions take a hundred records a request, unless they are told otherwise. */
export const firstBatchSize = 100;

/**
 * Sends all of it, in order, as many at once as the server takes. It looks at their number before it writes, so a batch
 * that is too large has written nothing.
 */
export async function inBatches<T>(
  size: BatchSize,
  all: readonly T[],
  lengthOf: (one: T) => number,
  send: (batch: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < all.length; ) {
    const batch = firstOf(all, at, size.recordsMax, lengthOf);
    try {
      await send(batch);
      at += batch.length;
    } catch (error) {
      if (!isTooMany(error) || batch.length === 1) throw error;
      size.recordsMax = Math.ceil(batch.length / 2);
    }
  }
}

/** The server takes fewer records a request. */
export function isTooMany(error: unknown): boolean {
  return error instanceof RequestFailure && error.reason.endsWith('MAX_PAYLOAD_LIMIT_EXCEEDED');
}

function firstOf<T>(all: readonly T[], at: number, recordsMax: number, lengthOf: (one: T) => number): readonly T[] {
  let end = at;
  for (let length = 0; end < all.length && end - at < recordsMax; end++) {
    length += lengthOf(all[end]);
    if (length > lengthMax && end > at) break;
  }
  return all.slice(at, end);
}
