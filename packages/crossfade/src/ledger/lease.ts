/** How long a lease is, and whose clock counts. */
export interface LeaseOptions {
  /** What the ledger is asked for with each renewal. */
  readonly ttlMs: number;
  /** Ends the lease here that much earlier than there: more than the two clocks drift apart meanwhile. */
  readonly marginMs: number;
  /** Monotonic, in milliseconds. Default that of the process, which no change of the time of day moves. */
  readonly nowMs?: () => number;
}

/**
 * An instance's own view of its lease: it ends no later than the ledger's. A renewal counts from when it was sent, because
 * that is the latest time that the ledger cannot be ahead of.
 *
 * A process may be paused between looking here and writing, and the clock of a machine that sleeps may stand still: a
 * lease stops writes soon, and the fence of the store stops the rest.
 *
 * @example const sentMs = lease.nowMs(); await ledger.renew(id, { acked, leaseMs: lease.ttlMs }); lease.renewed(sentMs);
 */
export class Lease {
  readonly ttlMs: number;
  /** The time to take before a renewal is sent. */
  readonly nowMs: () => number;
  private readonly marginMs: number;
  private endMs = -Infinity;

  /** @throws TypeError for a margin that is not between zero and the whole */
  constructor({ ttlMs, marginMs, nowMs = () => performance.now() }: LeaseOptions) {
    if (!(marginMs > 0 && marginMs < ttlMs && ttlMs < Infinity))
      throw new TypeError('The margin of a lease is above zero and less than the lease.');
    this.ttlMs = ttlMs;
    this.marginMs = marginMs;
    this.nowMs = nowMs;
  }

  /** The ledger has answered what was sent at that time. Answers may come in any order. */
  renewed(sentMs: number): void {
    // A time that is yet to come is not one that was taken before sending.
    if (!(sentMs <= this.nowMs())) throw new TypeError('A renewal was sent before it was answered.');
    this.endMs = Math.max(this.endMs, sentMs + this.ttlMs - this.marginMs);
  }

  /** The ledger knows the instance no more, or the instance no longer trusts what it knows. */
  end(): void {
    this.endMs = -Infinity;
  }

  /** Not above zero when it has ended, or never began. */
  get leftMs(): number {
    return this.endMs - this.nowMs();
  }

  get isValid(): boolean {
    return this.leftMs > 0;
  }
}
