/**
 * A request that was not answered by success. `effect` says whether it may have done something all the same: `none` where
 * the server never got it or refused it at the door, `unknown` else. An error of NocoDB is no proof that nothing was
 * written: it has answered 4xx to writes that were made.
 */
export class RequestFailure extends Error {
  /** Null where no whole answer came. */
  readonly status: number | null;
  /** A name for what happened, of the server or of the network; never text that could hold a value. */
  readonly reason: string;
  readonly effect: 'none' | 'unknown';
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number;

  constructor(status: number | null, reason: string, effect: 'none' | 'unknown', retryAfterMs = 0) {
    super(`${status ?? 'no answer'} (${reason})`);
    this.status = status;
    this.reason = reason;
    this.effect = effect;
    this.retryAfterMs = retryAfterMs;
  }

  /** The server had finished with the request when it answered: what it has not done by now it will not do. */
  get isFinal(): boolean {
    return this.status !== null && this.status >= 400 && this.status < 500 && this.status !== 408;
  }

  /** Whether the same request may go through in a while. */
  get isPassing(): boolean {
    return this.status === null ? !certificateCodes.test(this.reason) : passing.has(this.status);
  }
}

const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** What is answered before anything is looked at: who asks, how often, and how much. */
const refusedAtTheDoor = new Set([401, 403, 405, 411, 413, 414, 429, 431]);

const certificateCodes = /CERT|SIGNED|ISSUER|ALTNAME|^ERR_TLS/;

/** An answer whose status is no success. @param body what came with it */
export function failureOfAnswer(response: Response, body: string): RequestFailure {
  const { status, headers } = response;
  return new RequestFailure(
    status,
    errorName(body) ?? `HTTP ${status}`,
    refusedAtTheDoor.has(status) ? 'none' : 'unknown',
    waitMsOf(headers),
  );
}

/** What fetch threw. A connection that never came about has carried nothing. */
export function failureOfFetch(error: unknown): RequestFailure {
  if ((error as Error).name === 'TimeoutError') return new RequestFailure(null, 'TIMEOUT', 'unknown');
  const cause = ((error as Error).cause ?? error) as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  const { code = cause.name, syscall } = cause.errors?.[0] ?? cause;
  const isUnsent =
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    certificateCodes.test(code);
  return new RequestFailure(null, code, isUnsent ? 'none' : 'unknown');
}

/** NocoDB's own name of the error; the message beside it may repeat values. */
function errorName(body: string): string | null {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(error) ? error : null;
  } catch {
    return null;
  }
}

/** Seconds, or a date, which the server's own clock is held against. */
function waitMsOf(headers: Headers): number {
  const after = headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(ms) ? Math.max(ms, 0) : 0;
}
