import { once } from 'node:events';
import { connect as dial, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Where something listens, in the shape that spreads over a target. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A server on loopback of which the test decides what it does with a connection. Gone when the test ends. */
export async function listener(onConnection: (socket: Socket) => void): Promise<Place> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

/** A listener in front of a server; the test wires the two ends as it likes. When the client goes, so does the other end. */
export function inTheMiddle(
  server: Place,
  wire: (client: Socket, upstream: Socket) => void | Promise<void>,
): Promise<Place> {
  return listener((client) => {
    const upstream = dial(server.port, server.host).on('error', () => undefined);
    client.on('close', () => upstream.destroy());
    void Promise.resolve(wire(client, upstream)).catch(() => client.destroy());
  });
}

/** A place where nothing listens. */
export async function deadPlace(): Promise<Place> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return { host: '127.0.0.1', port };
}
