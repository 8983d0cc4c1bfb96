/** The numbers that a place gives to new records. `supports.counters` declares that there may be some. */
export interface Counters {
  /**
   * Lets no number up to `atLeast` be given again; a counter that is beyond stays.
   *
   * @returns false where the collection has none: the number comes from the largest one that is there, or from the caller
   */
  raise(collection: string, atLeast: bigint): Promise<boolean>;
}
