/**
 * What a store can do, as data: the façade refuses by it, the suite skips by it, and users read it. A capability that is
 * not declared is not there; asking for it throws E_UNSUPPORTED.
 */
export interface Supports {
  /** A write of several changes is all or nothing. Else only one change a write is taken. */
  readonly atomic: boolean;
  /** Nobody else's write comes between the read and the write of an `update`. */
  readonly update: boolean;
  /** `scan` in the order of the key or of an index, and its conditions. */
  readonly orderedScan: boolean;
  /** Unique sets and references are kept. */
  readonly constraints: boolean;
  /** What a write that was acknowledged survives. */
  readonly durable: 'nothing' | 'process' | 'machine';
  /** Who may write: this process alone, or many. */
  readonly writers: 'one' | 'many';
  /** What notes the keys of all writes, also of programs that know nothing of this store. */
  readonly capture: 'none' | 'triggers';
  /** What can stop all writes, of those programs too. */
  readonly fence: 'none' | 'triggers';
}

/** A capability that is either there or not. */
export type Capability = { [C in keyof Supports]: Supports[C] extends boolean ? C : never }[keyof Supports];
