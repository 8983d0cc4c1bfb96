import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refused } from './nocodb-stand-in-where.ts';

/** Who may ask: an API token for good, and the sessions of one account until it signs out. */
export class StandInAccount {
  readonly login = { email: 'applier@example.com', password: 'Passw0rd!23' };
  private readonly token: string;
  private readonly sessions = new Set<string>();

  constructor(token: string) {
    this.token = token;
  }

  isKnown(headers: IncomingHttpHeaders): boolean {
    const session = headers['xc-auth'];
    return session === undefined ? headers['xc-token'] === this.token : this.sessions.has(String(session));
  }

  /** What is answered to signing in and out; signing out ends every session of the account. */
  answer(verb: string | undefined, headers: IncomingHttpHeaders, body: unknown): unknown {
    if (verb === 'signout') {
      if (this.isKnown(headers)) this.sessions.clear();
      return { msg: 'Signed out successfully' };
    }
    const { email, password } = body as typeof this.login;
    if (email !== this.login.email || password !== this.login.password)
      throw new Refused(400, { msg: 'Invalid credentials' });
    const session = randomUUID();
    this.sessions.add(session);
    return { token: session };
  }
}
