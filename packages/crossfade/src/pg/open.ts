import { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { failure, interrupted } from './failure.ts';
import { noTlsMessage } from './failure-table.ts';
import type { Target } from './target.ts';
import { tlsOptions } from './tls.ts';

/** A connection that is logged in, and the socket under it. */
export interface Opened {
  readonly client: pg.Client;
  readonly socket: Socket;
}

/** What one attempt to connect may take. */
export interface OpenOptions {
  readonly application: string;
  /** Longest wait for the answer to any one statement; 0 is no limit. */
  readonly answerTimeoutMs: number;
  /** See {@link ConnectOptions}. */
  readonly pipeline: boolean;
  /** Ends the connection, at whatever point. */
  readonly signal: AbortSignal | undefined;
}

/** Logs in, by TLS as the target's mode demands. Whatever fails, no socket is left open. */
export async function open(target: Target, options: OpenOptions): Promise<Opened> {
  const tls = tlsOptions(target);
  try {
    return await login(target, tls, options);
  } catch (error) {
    // Only the server's own "no" leads to plain text, and only where that was allowed. A broken handshake does not.
    const declined = error instanceof Error && error.message === noTlsMessage;
    if (target.tls !== 'prefer' || tls === false || !declined) throw error;
    return login(target, false, options);
  }
}

async function login(target: Target, tls: ConnectionOptions | false, options: OpenOptions): Promise<Opened> {
  const socket = new Socket();
  const gate = passwordGate(target, tls !== false);
  const client = new pg.Client({
    host: target.hostAddress ?? target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    password: gate.password,
    application_name: options.application,
    ssl: tls,
    sslnegotiation: 'postgres',
    enableChannelBinding: gate.binding && tls !== false,
    stream: () => socket,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Node's own types are not asked for: a Date has no microseconds and a number no 17th digit. Everything is text.
    types: { getTypeParser: () => (value: unknown) => value } as unknown as pg.CustomTypesConfig,
    pipeline: options.pipeline,
    ...(options.answerTimeoutMs > 0 && { query_timeout: options.answerTimeoutMs }),
  });
  ignoreEnvironment(client);
  // The query in flight, or the next one, reports the loss. Without a listener it would end the process instead.
  client.on('error', () => undefined);
  client.connection.on('authenticationSASL', gate.offered);
  endWith(socket, options.signal);
  try {
    await client.connect();
    gate.close();
    return { client, socket };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The driver also reads PGOPTIONS and PGREPLICATION on its own account; they would change what a session means. */
function ignoreEnvironment(client: pg.Client): void {
  const { connectionParameters } = client as unknown as { connectionParameters: Record<string, unknown> };
  Object.assign(connectionParameters, { options: undefined, replication: undefined });
}

/** The reason travels through the driver: the query in flight fails with it. */
function endWith(socket: Socket, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const end = (): void => void socket.destroy(interrupted('go on with the connection'));
  if (signal.aborted) return end();
  signal.addEventListener('abort', end, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', end));
}

/**
 * Hands the password out only when the server has asked for one, and, under channel_binding=require, only to a server
 * that can prove that it holds the other end of this very TLS session.
 */
function passwordGate(target: Target, encrypted: boolean) {
  const required = target.channelBinding === 'require';
  let bound = false;
  const demandBinding = (): void => {
    if (!required || (encrypted && bound)) return;
    const fix =
      'Check that sslmode is not disable and that the server uses SCRAM-SHA-256, or leave channel_binding out.';
    throw new CrossfadeError(
      'E_TARGET_TLS',
      `Could not connect to ${target.display}: the server does not bind the login to TLS, which channel_binding=require demands. ${fix}`,
    );
  };
  return {
    binding: required || target.channelBinding === 'prefer',
    offered: (message: { mechanisms?: readonly string[] }): void => {
      bound = message.mechanisms?.includes('SCRAM-SHA-256-PLUS') ?? false;
    },
    password: (): string => {
      demandBinding();
      if (target.password !== undefined) return target.password;
      const fix = 'Give it by DATABASE_URL, --password-stdin, PGPASSWORD or a password file.';
      throw new CrossfadeError(
        'E_TARGET_LOGIN',
        `Could not connect to ${target.display}: the server asks for a password, and none was given. ${fix}`,
      );
    },
    /** A server that asks for no password at all has proved nothing either. */
    close: demandBinding,
  };
}

/** As {@link failure}, for a connection that is not there yet: it cannot be lost, only not be made. */
export function connectFailure(error: unknown, target: Target): CrossfadeError {
  const doing = `connect to ${target.display}`;
  const found = failure(error, doing);
  if (found.code !== 'E_TARGET_LOST') return found;
  const fix = "Check host and port, and the server's log.";
  return new CrossfadeError(
    'E_TARGET_UNREACHABLE',
    `Could not ${doing}: the server closed the connection before it was ready. ${fix}`,
    found.facts,
  );
}
