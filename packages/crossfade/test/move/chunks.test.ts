import { expect, test } from 'vitest';
import { chunksOf } from '../../src/move/chunks.ts';
import type { TableProfile } from '../../src/move/profile.ts';

/** So many pieces of ten rows, each with one large row; behind every third piece lies a gap without rows. */
function profileOf(pieces: number): TableProfile {
  const table = { name: 't' } as TableProfile['table'];
  const starts = Array.from({ length: pieces }, (_, i) => BigInt(10 * i + Math.floor(i / 3)));
  return {
    table,
    rows: 10 * pieces,
    bytes: 0,
    evidence: [],
    widest: null,
    pieces: starts.map((start, i) => ({
      range: {
        after: i === 0 ? null : [start],
        upTo: i === pieces - 1 ? null : [start + 10n],
        large: [[start + 5n]],
      },
      rows: 10,
    })),
  };
}

test.each([
  { pieces: 0, threads: 2, sizes: [] },
  { pieces: 1, threads: 4, sizes: [1] },
  { pieces: 3, threads: 0, sizes: [1, 1, 1] },
  { pieces: 25, threads: 2, sizes: [4, 4, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1] },
  { pieces: 25, threads: 1, sizes: [4, 4, 4, 4, 4, 2, 1, 1, 1] },
])('$pieces pieces for $threads threads', ({ pieces, threads, sizes }) => {
  const profile = profileOf(pieces);
  const chunks = chunksOf(profile, threads);
  expect(chunks.map(({ rows }) => rows / 10)).toEqual(sizes);
  expect(chunks.map(({ number }) => number)).toEqual(chunks.map((_, i) => i));
  // Every piece is in one chunk, whole: where it starts, where it ends, and the large rows that it names.
  expect(chunks.flatMap(({ range }) => range.large)).toEqual(profile.pieces.flatMap(({ range }) => range.large));
  let at = 0;
  for (const { range, rows } of chunks) {
    const [first, last] = [profile.pieces[at], profile.pieces[at + rows / 10 - 1]];
    expect([range.after, range.upTo]).toEqual([first.range.after, last.range.upTo]);
    at += rows / 10;
  }
  expect(at).toBe(pieces);
});
