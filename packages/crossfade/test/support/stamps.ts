/** Stamps of one process, each beyond every earlier one. */
export function stamps(): () => bigint {
  let drawn = 0n;
  return () => ++drawn;
}
