import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { failure } from './failure.ts';

/**
 * Runs one COPY ... TO STDOUT and hands over its bytes as they come, cut anywhere. Resolves when the server has said
 * that it is finished; a connection that breaks before that rejects, so a short output is never taken for a whole one.
 */
export function copyOut(client: pg.Client, statement: string, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyStreams.to(statement));
    let refused: Error | null = null;
    stream.on('data', (chunk: Buffer) => {
      if (refused !== null) return;
      try {
        take(chunk);
      } catch (error) {
        // The rest of the output still has to be drained before the connection can be used again.
        refused = error instanceof Error ? error : new Error('the taker of the rows failed');
      }
    });
    stream.once('error', (error: unknown) => {
      reject(failure(error, 'read rows back'));
    });
    stream.once('end', () => (refused === null ? resolve() : reject(refused)));
  });
}
