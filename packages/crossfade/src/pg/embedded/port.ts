import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { embeddedFailure } from './failure.ts';

/** Below the ports that operating systems hand to outgoing connections (from 32768 on Linux, 49152 elsewhere), so that none of those takes it while the server is down. */
const range = { from: 20_000, to: 32_000 };
const attemptsMax = 100;

/** A loopback port that nobody listens on at this moment. Somebody may take it before its use. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(range.from, range.to);
    if (await isFree(port)) return port;
  }
  throw embeddedFailure(`No free port was found between ${range.from} and ${range.to}. Nothing was started.`);
}

/** Whether somebody listens on the loopback port. */
export async function isListening(port: number): Promise<boolean> {
  return !(await isFree(port));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
