/**
 * What a keeper found last, in the state that the epoch names. Counts, names and flags, never a value out of a row but
 * for `resume`, which stays in the ledger's own table.
 */
export interface Findings {
  readonly epoch: bigint;
  /** All that the state asks of a keeper has been done at least once. */
  readonly isDone: boolean;
  /** Every record was copied, and every write since the copy began was noted. */
  readonly isCopied: boolean;
  /** Records of the leader that the copy has looked at. */
  readonly copied: number;
  /** Entries of the journal when it was last looked at, at most as many as are looked at in one go. */
  readonly owed: number;
  /** Units in quarantine, and damaged records whose key nobody can tell. */
  readonly quarantined: number;
  /** Comparisons of everything, one after the other, in which nothing differed that the journal does not explain. */
  readonly cleanPasses: number;
  /** Units compared in the pass under way. */
  readonly compared: number;
  /** Units that ever differed with nothing to explain it, since the crossing began; a repair takes none away. */
  readonly incidents: number;
  /** Why the last piece of work failed, by code; null: it did not. */
  readonly trouble: string | null;
  /** Where the copy goes on, for the next keeper: opaque to everybody else. */
  readonly resume: string | null;
}

/** Who keeps the other store in step, and what was found. */
export interface Keeping {
  readonly keeper: string;
  /** Not above zero when the lease has ended: nobody keeps. */
  readonly leaseLeftMs: number;
  /** Null before the first. */
  readonly findings: Findings | null;
}

/** A keeper's sign of life. */
export interface KeepRequest {
  /** One life of one process. */
  readonly keeper: string;
  readonly leaseMs: number;
  /** What was found since the last one. It counts only where nobody else has kept since the epoch that it names. */
  readonly findings?: Findings;
}
