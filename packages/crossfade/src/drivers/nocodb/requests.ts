import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOfAnswer, failureOfFetch, RequestFailure } from './request-failure.ts';

/** How the server is asked. */
export interface RequestOptions {
  /** Where NocoDB answers, without a path of its API. */
  readonly url: string;
  /** An API token. It travels in the header `xc-token` and nowhere else. */
  readonly token: string;
  /** Longest time of one request, its answer included. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Requests a second at the most, which NocoDB's cloud limits. Default: as many as are asked for. */
  readonly requestsPerSecond?: number;
  /** How often a request is made that can be made again. Default 5. */
  readonly triesMax?: number;
  /** The pause before the second try, at the most; it doubles. Default 200 ms. */
  readonly pauseMs?: number;
}

/** Longest that a Retry-After is waited for; a longer one is the caller's to wait for. */
const retryAfterMaxMs = 60_000;

const pauseMaxMs = 15_000;

/** What a request answered, as JSON: what JavaScript makes of it, and to the letter. */
export interface Answer {
  readonly body: unknown;
  readonly text: string;
}

/**
 * Requests of one store. Reads are made again while that may help. A write is made again only where the server cannot
 * have done it: it was not reached, or has refused at the door.
 *
 * @throws RequestFailure
 */
export class Requests {
  private readonly options: Required<RequestOptions>;
  private readonly origin: string;
  /** When the server may be asked next, by performance.now(): it has asked to be left alone, or the rate is used up. */
  private rate = { openAt: 0 };
  private header: 'xc-token' | 'xc-auth' = 'xc-token';
  private readonly signal: AbortSignal | undefined;

  /**
   * @param signal ends what is under way and waits, by an error of whatever kind
   * @throws TypeError for a URL that is none, or has a password or a query in it
   */
  constructor(options: RequestOptions, signal?: AbortSignal) {
    this.signal = signal;
    this.origin = originOf(options.url);
    if (!/^[\x21-\x7e]+$/.test(options.token)) throw new TypeError('The token is empty, or is none.');
    this.options = { requestTimeoutMs: 30_000, requestsPerSecond: Infinity, triesMax: 5, pauseMs: 200, ...options };
  }

  /** Requests of somebody who has signed in, which share the rate of these. @throws TypeError for a token that is none */
  signedIn(token: string): Requests {
    const session = new Requests({ ...this.options, token }, this.signal);
    session.rate = this.rate;
    session.header = 'xc-auth';
    return session;
  }

  read(path: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const text = new URLSearchParams(query).toString();
    return this.again(() => this.once('GET', text === '' ? path : `${path}?${text}`, null), true);
  }

  write(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: unknown): Promise<Answer> {
    const text = JSON.stringify(body);
    return this.again(() => this.once(method, path, text), false);
  }

  private async again(request: () => Promise<Answer>, isRead: boolean): Promise<Answer> {
    for (let round = 1; ; round++) {
      this.signal?.throwIfAborted();
      await this.turn();
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof RequestFailure)) throw error;
        const mayRepeat = error.isPassing && (isRead || error.effect === 'none');
        if (error.retryAfterMs > 0)
          this.rate.openAt = Math.max(this.rate.openAt, performance.now() + error.retryAfterMs);
        if (!mayRepeat || round >= this.options.triesMax || error.retryAfterMs > retryAfterMaxMs) throw error;
      }
      await this.pause(this.pauseBefore(round));
    }
  }

  /** Waits until the server may be asked. Whoever comes later waits longer. */
  private async turn(): Promise<void> {
    const { requestsPerSecond } = this.options;
    for (let now = performance.now(); now < this.rate.openAt; now = performance.now()) {
      const waitMs = this.rate.openAt - now;
      if (waitMs > retryAfterMaxMs) throw new RequestFailure(429, 'RETRY_AFTER', 'none', waitMs);
      await this.pause(waitMs);
    }
    if (requestsPerSecond < Infinity)
      this.rate.openAt = Math.max(this.rate.openAt, performance.now()) + 1_000 / requestsPerSecond;
  }

  private pause(ms: number): Promise<void> {
    return sleep(ms, undefined, this.signal === undefined ? {} : { signal: this.signal });
  }

  /** Half of it is chance, so that those who were turned away together do not come back together. */
  private pauseBefore(round: number): number {
    const full = Math.max(2, Math.min(this.options.pauseMs * 2 ** (round - 1), pauseMaxMs));
    return randomInt(Math.floor(full / 2), Math.ceil(full));
  }

  private async once(method: string, path: string, body: string | null): Promise<Answer> {
    const { token, requestTimeoutMs } = this.options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.origin}${path}`, {
        method,
        headers: {
          [this.header]: token,
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
        },
        body,
        // A redirection would take the token to wherever it leads.
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(requestTimeoutMs), ...(this.signal ? [this.signal] : [])]),
      });
      text = await response.text();
    } catch (error) {
      throw failureOfFetch(error);
    }
    if (!response.ok) throw failureOfAnswer(response, text);
    try {
      return { body: JSON.parse(text) as unknown, text };
    } catch {
      // A page of something in between, or half an answer.
      throw new RequestFailure(null, 'NO_JSON', 'unknown');
    }
  }
}

function originOf(url: string): string {
  const { protocol, origin, pathname, username, password, search } = new URL(URL.canParse(url) ? url : 'none:');
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '' || search !== '')
    throw new TypeError('The url of NocoDB begins with http:// or https://, and has no user, password or query in it.');
  return `${origin}${pathname.replace(/(?<!\/)\/+$/, '')}`;
}
