import { finished } from 'node:stream/promises';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import type { Statement } from './model.ts';

/** One write of COPY data: large enough for speed, small against the server's buffers. */
const copyBytes = 256 * 1024;

/** Runs one statement as it stands in the file, with the data of a COPY. Errors are the driver's own. */
export async function runStatement(client: pg.Client, { sql, copyData }: Statement): Promise<void> {
  if (copyData === null) {
    await client.query(sql);
    return;
  }
  const stream = client.query(copyStreams.from(sql));
  const ended = finished(stream);
  // Read below; until then an error must not count as unhandled.
  ended.catch(() => undefined);
  const bytes = Buffer.from(copyData);
  for (let at = 0; at < bytes.length && stream.writable; at += copyBytes)
    await Promise.race([written(stream, bytes.subarray(at, at + copyBytes)), ended]);
  if (stream.writable) stream.end();
  await ended;
}

function written(stream: NodeJS.WritableStream, buffer: Buffer): Promise<void> {
  return new Promise((resolve) => {
    stream.write(buffer, () => {
      resolve();
    });
  });
}
