import type { Writable } from 'node:stream';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { limits } from '../core/limits.ts';
import { failure } from '../pg/failure.ts';
import type { Sql } from '../pg/sql.ts';

/**
 * Takes buffers for the COPY; resolves when more may come, while the last of them is still under way, so that the
 * caller makes the next one meanwhile. The buffers must not be changed afterwards.
 */
export type Send = (buffers: readonly Buffer[]) => Promise<void>;

/**
 * Runs one COPY ... FROM STDIN and returns the number of rows that PostgreSQL counted. When `produce` throws, the COPY
 * is failed on the server's side too, and its error is passed on. A refusal by the server arrives as a CrossfadeError.
 */
export async function copyIn(
  client: pg.Client,
  statement: Sql,
  produce: (send: Send) => Promise<void>,
): Promise<number> {
  const stream = client.query(copyStreams.from(statement.text));
  let refused: unknown = null;
  const finished = new Promise<void>((resolve) => {
    stream.once('finish', resolve);
    stream.once('error', (error: unknown) => {
      refused ??= error;
      resolve();
    });
  });
  // One write at a time: pg-copy-streams cannot be told of an error while another one waits for the socket.
  let underWay: Promise<void> = Promise.resolve();
  const settle = () => Promise.race([underWay, finished]);
  const send: Send = async (buffers) => {
    for (const buffer of buffers) {
      await settle();
      if (refused !== null) throw failure(refused, 'load rows');
      underWay = written(stream, buffer);
      // The memory of a very large value is another thread's as soon as this returns.
      if (buffer.length > limits.exclusiveBytes) await settle();
    }
  };
  try {
    await produce(send);
    await settle();
    if (refused !== null) throw failure(refused, 'load rows');
    stream.end();
  } catch (error) {
    await settle();
    // destroy() sends CopyFail; the server's answer to it is no news.
    if (refused === null) stream.destroy(new Error('the row source failed'));
    await finished;
    throw error;
  }
  await finished;
  if (refused !== null) throw failure(refused, 'load rows');
  return stream.rowCount;
}

function written(stream: Writable, buffer: Buffer): Promise<void> {
  return new Promise((resolve) => {
    // An error of the stream arrives as its event.
    stream.write(buffer, () => {
      resolve();
    });
  });
}
