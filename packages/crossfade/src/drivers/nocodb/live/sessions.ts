import { CrossfadeError } from '../../../core/errors.ts';
import { RequestFailure } from '../request-failure.ts';
import type { Requests } from '../requests.ts';

/** An account that may write the base, and that nobody else is signed in by. */
export interface NocodbAccount {
  readonly email: string;
  readonly password: string;
}

/**
 * Sessions of the account that appliers write by. Signing out ends every session of an account at once. Taking an API
 * token away does not: NocoDB 0.265.1 lists it no longer, and goes on taking what is sent by it.
 */
export class Sessions {
  private readonly requests: Requests;
  private readonly base: string;
  private readonly account: NocodbAccount;

  constructor(requests: Requests, base: string, account: NocodbAccount) {
    this.requests = requests;
    this.base = base;
    this.account = account;
  }

  /** Ends every session of the account. @throws RequestFailure; CrossfadeError E_UNSUPPORTED where the server lets them go on */
  async endAll(): Promise<void> {
    const session = await this.begin();
    await session.write('POST', '/api/v1/auth/user/signout', {});
    const status = await session.read(`/api/v2/meta/bases/${this.base}/tables`).then(
      () => 200,
      (error: unknown) => (error as RequestFailure).status,
    );
    if (status !== 401)
      throw new CrossfadeError(
        'E_UNSUPPORTED',
        `Sessions of this NocoDB go on after they were signed out (it answered ${status ?? 'nothing'}), so that an applier could not be kept out by them. Nothing was written. Leave out the account, and end the former applier before another one begins.`,
        { base: this.base, status },
      );
  }

  /** Requests by a session that is good until {@link endAll}. @throws RequestFailure; CrossfadeError E_STORE_FAILED for an account that may not sign in */
  async begin(): Promise<Requests> {
    const { body } = await this.requests.write('POST', '/api/v1/auth/user/signin', this.account).catch(refused);
    const { token } = (body ?? {}) as { readonly token?: unknown };
    if (typeof token !== 'string') throw new RequestFailure(null, 'NO_SESSION', 'unknown');
    return this.requests.signedIn(token);
  }
}

function refused(error: unknown): never {
  if (!(error instanceof RequestFailure && error.isFinal) || error.status === 429) throw error;
  const { status, reason } = error;
  throw new CrossfadeError(
    'E_STORE_FAILED',
    `NocoDB does not let the account of the mirror sign in: it answered ${status} (${reason}). No epoch was begun. Look at its email and password, and whether it may edit the base.`,
    { status, reason },
  );
}
