import { CopyOutReader, type Tuple } from './copy-out.ts';

/** Takes the output of one COPY as it comes. `end` throws E_TARGET_LOST when the output stopped before its trailer. */
export interface Feed<Result> {
  /** The bytes from `from` to below `to`; all of them where nothing is said. */
  readonly push: (chunk: Buffer, from?: number, to?: number) => void;
  end(): Result;
}

/** Calls `visit` for every row, and makes the result of what it has seen. */
export function feedOf<Result>(fields: number, visit: (tuple: Tuple) => void, result: () => Result): Feed<Result> {
  const reader = new CopyOutReader(fields, visit);
  return {
    push: (chunk, from, to) => reader.push(chunk, from, to),
    end: () => {
      reader.end();
      return result();
    },
  };
}

/** Feeds a whole stream. */
export async function drain<Result>(chunks: AsyncIterable<Buffer>, feed: Feed<Result>): Promise<Result> {
  for await (const chunk of chunks) feed.push(chunk);
  return feed.end();
}
