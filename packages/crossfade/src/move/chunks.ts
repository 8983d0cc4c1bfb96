import { limits } from '../core/limits.ts';
import type { StoredChunk } from './checkpoint.ts';
import type { TableProfile } from './profile.ts';

/**
 * What is to be loaded of a table, before anything is: its pieces, joined. PostgreSQL gives every COPY 16 MB of buffers
 * to go round in, and one that is larger than these touches no more of the shared memory: a tenth less work for the server.
 * The last chunks are smaller, so that no thread waits long for another one at the end.
 */
export function chunksOf({ table, pieces }: TableProfile, threads: number): StoredChunk[] {
  const chunks: StoredChunk[] = [];
  for (let at = 0; at < pieces.length; at += sizeOf(pieces.length - at, threads)) {
    const joined = pieces.slice(at, at + sizeOf(pieces.length - at, threads));
    chunks.push({
      table: table.name,
      number: chunks.length,
      range: {
        after: joined[0].range.after,
        upTo: joined[joined.length - 1].range.upTo,
        large: joined.flatMap(({ range }) => range.large),
      },
      rows: joined.reduce((sum, { rows }) => sum + rows, 0),
      done: null,
    });
  }
  return chunks;
}

/** Half of what each thread would get if the rest were dealt out at once: guided self-scheduling (Polychronopoulos, 1987). */
function sizeOf(left: number, threads: number): number {
  return Math.min(Math.max(Math.floor(left / (2 * Math.max(threads, 1))), 1), limits.chunkPiecesMax);
}
