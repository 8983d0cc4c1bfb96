/** What stands between writers and the records. */
export interface FenceState {
  /** The latest epoch that has set or lifted it; null before the first. */
  readonly epoch: bigint | null;
  /** Every write of every collection is refused. */
  readonly isSet: boolean;
}

/**
 * Stops every write, as far as `supports.fence` says: `triggers` also those of programs that know nothing of Crossfade,
 * `process` those of this store. Reads go on, and so does the {@link Mirror}. Who comes late changes nothing: what an
 * epoch has done is not undone by an earlier one, and what it has lifted it does not set again.
 */
export interface Fence {
  /** Sets it; no write is under way when this returns, and later ones throw E_FENCED. Idempotent. @throws CrossfadeError E_FENCED for an epoch that is over */
  set(epoch: bigint): Promise<void>;
  /** Lifts what this epoch or an earlier one has set. Idempotent. @throws CrossfadeError E_FENCED for an epoch that is over */
  lift(epoch: bigint): Promise<void>;
  state(): Promise<FenceState>;
}
