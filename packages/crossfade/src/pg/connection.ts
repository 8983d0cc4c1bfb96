import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Sql } from './sql.ts';

/** What is known about an open connection besides what the driver knows. */
export interface Session {
  readonly socket: Socket;
  /** A pooler stands between: every transaction may run in another session of the server. */
  readonly pooled: boolean;
  /** To be sent at the beginning of each transaction; null where the session has it already. */
  readonly prelude: Sql | null;
}

const sessions = new WeakMap<pg.Client, Session>();

/** Ties a client to what only its opening could tell. */
export function remember(client: pg.Client, session: Session): void {
  sessions.set(client, session);
}

/** @throws TypeError for a client that `connect` has not opened: it would lack the settings. */
export function sessionOf(client: pg.Client): Session {
  const session = sessions.get(client);
  if (session === undefined) throw new TypeError('The client was not opened by connect().');
  return session;
}

/** Whether a pooler such as PgBouncer stands between, where session state and session locks may not hold. */
export function isPooled(client: pg.Client): boolean {
  return sessionOf(client).pooled;
}
