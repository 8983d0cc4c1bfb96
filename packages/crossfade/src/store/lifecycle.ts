import { CrossfadeError } from '../core/errors.ts';
import { type Awaitable, isPromise } from './awaitable.ts';

/**
 * The life of a store: closed, opening, open, closing, and so on again. A call opens a store that was never opened and
 * waits for one that is opening; while it closes and afterwards every call is refused, until somebody opens it.
 */
export class Lifecycle {
  private readonly name: string;
  private readonly start: () => Promise<void>;
  private readonly end: () => Promise<void>;
  private state: 'new' | 'open' | 'closed' = 'new';
  /** Opening and closing, one after the other in the order in which they were asked for. */
  private turn: Promise<void> = Promise.resolve();
  private readonly underWay = new Set<Promise<unknown>>();
  private isStarted = false;

  constructor(name: string, start: () => Promise<void>, end: () => Promise<void>) {
    this.name = name;
    this.start = start;
    this.end = end;
  }

  open(): Promise<void> {
    this.state = 'open';
    return this.next(async () => {
      if (this.isStarted) return;
      await this.start();
      this.isStarted = true;
    });
  }

  close(): Promise<void> {
    this.state = 'closed';
    return this.next(async () => {
      if (!this.isStarted) return;
      // From here on a call waits for the next opening, so what is waited for becomes no more.
      this.isStarted = false;
      await Promise.allSettled(this.underWay);
      await this.end();
    });
  }

  /** Runs a call within the life of the store. @throws CrossfadeError E_STORE_CLOSED */
  during<T>(call: () => Awaitable<T>): Awaitable<T> {
    return this.state === 'open' && this.isStarted ? this.tracked(call) : this.opened(call);
  }

  private async opened<T>(call: () => Awaitable<T>): Promise<T> {
    if (this.state !== 'closed' && !this.isStarted) await this.open();
    if (this.state === 'closed') throw this.closed();
    return this.tracked(call);
  }

  /** As {@link during}, but never opens: waits for an opening that is under way. @throws CrossfadeError E_STORE_CLOSED */
  async within<T>(call: () => Awaitable<T>): Promise<T> {
    if (this.state === 'open' && !this.isStarted) await this.turn.catch(() => undefined);
    if (this.state !== 'open' || !this.isStarted) throw this.closed();
    return this.tracked(call);
  }

  /** The answer of the call itself: each promise more would cost as much as a read from memory. */
  private tracked<T>(call: () => Awaitable<T>): Awaitable<T> {
    const running = call();
    // What has ended already is not under way.
    if (!isPromise(running)) return running;
    const ended = (): void => void this.underWay.delete(running);
    this.underWay.add(running);
    running.then(ended, ended);
    return running;
  }

  private next(step: () => Promise<void>): Promise<void> {
    // A step that failed is its caller's news; the next one begins all the same.
    const done = this.turn.catch(() => undefined).then(step);
    this.turn = done;
    done.catch(() => undefined);
    return done;
  }

  private closed(): CrossfadeError {
    return new CrossfadeError('E_STORE_CLOSED', `The store ${this.name} is closed. Nothing was done. Open it first.`, {
      store: this.name,
    });
  }
}
