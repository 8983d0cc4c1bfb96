import { connect as dial, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTheMiddle } from '../harness/sockets.ts';
import type { NocodbPlace } from './nocodb-place.ts';

/** One request on its way. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  /** From 1, over all connections. */
  readonly number: number;
}

/** An answer that is not the server's. */
export interface FalseAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The server gets the request and does it all the same. */
  readonly isDone: boolean;
}

/**
 * What becomes of a request. `cut`: it does not arrive, and the connection breaks. `swallow`: it does not arrive, and
 * nobody is told. `drop reply`, `half a reply`: the server does it, and the connection breaks before, or within, its
 * answer. `lateMs`: it arrives after a while, and `landed` is told when it has been answered. `until`: it arrives when the test says so.
 */
export type Fate =
  | 'forward'
  | 'cut'
  | 'swallow'
  | 'drop reply'
  | 'half a reply'
  | { readonly lateMs: number; readonly landed?: () => void }
  | { readonly until: Promise<void> }
  | FalseAnswer;

/** A place in front of another one, in which a test decides what becomes of each request. */
export async function nocodbProxy(
  server: NocodbPlace,
  fateOf: (request: Passing) => Fate,
): Promise<NocodbPlace & { readonly requests: readonly Passing[] }> {
  const { hostname, port } = new URL(server.url);
  const requests: Passing[] = [];
  const place = await inTheMiddle({ host: hostname, port: Number(port) }, (client, upstream) => {
    let fate: Fate = 'forward';
    let sent = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      sent = Buffer.concat([sent, chunk]);
      const length = lengthOf(sent);
      if (length === null || sent.length < length) return;
      const [method, path] = sent.toString('latin1', 0, sent.indexOf(' HTTP/')).split(' ');
      const request = { method, path, number: requests.length + 1 };
      requests.push(request);
      fate = fateOf(request);
      void pass(fate, sent, client, upstream);
      sent = Buffer.alloc(0);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (fate === 'drop reply') client.destroy();
      else if (fate === 'half a reply') client.end(chunk.subarray(0, chunk.length - 3));
      else if (typeof fate === 'object' && 'status' in fate) client.end(printed(fate));
      else client.write(chunk);
    });
    upstream.on('close', () => client.destroy());
  });
  return { ...server, url: `http://${place.host}:${place.port}`, requests };
}

async function pass(fate: Fate, request: Buffer, client: Socket, upstream: Socket): Promise<void> {
  if (fate === 'swallow') return;
  if (fate === 'cut') return void client.destroy();
  if (typeof fate === 'object' && 'status' in fate && !fate.isDone) return void client.end(printed(fate));
  if (typeof fate === 'object' && 'until' in fate) await fate.until;
  if (typeof fate !== 'object' || !('lateMs' in fate)) return void upstream.write(request);
  // On a connection of its own: that of the client ends when it waits no longer.
  const { remoteAddress, remotePort } = upstream;
  const { lateMs, landed } = fate;
  await sleep(lateMs);
  const late = dial(remotePort as number, remoteAddress).on('data', () => {
    late.destroy();
    landed?.();
  });
  late.on('error', () => undefined).write(request);
}

/** How long the request is, its body included; null while its head is not whole. */
function lengthOf(sent: Buffer): number | null {
  const end = sent.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const length = /content-length: (\d+)/i.exec(sent.toString('latin1', 0, end));
  return end + 4 + Number(length?.[1] ?? 0);
}

function printed({ status, headers = {}, body = '{"msg":"of the proxy"}' }: FalseAnswer): string {
  const lines = Object.entries({
    'content-type': 'application/json',
    ...headers,
    'content-length': String(body.length),
  });
  return `HTTP/1.1 ${status} Said\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}connection: close\r\n\r\n${body}`;
}
