/** One thing that was looked at. */
export interface Finding {
  readonly area: 'node' | 'sqlite' | 'server' | 'tls' | 'rights' | 'durability' | 'privacy' | 'capacity';
  /** bad: a move fails or loses data. warn: it works, and somebody should know. */
  readonly ok: 'ok' | 'warn' | 'bad';
  readonly what: string;
  /** What to do; empty where there is nothing. */
  readonly fix: string;
}
