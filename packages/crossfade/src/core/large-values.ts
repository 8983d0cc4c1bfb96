import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Lets one thread at a time hold very large values. Threads do not see each other's garbage: without this, each of
 * them would come to its own few copies of the largest value of the file, and memory would grow with `--jobs`.
 */
let permit: Int32Array | null = null;
let held = 0;
let collect: (() => void) | null = null;

/** Makes what {@link shareLargeValues} takes, once for all threads. */
export function largeValuePermit(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}

/** Joins this thread to the others; without it nothing is waited for. */
export function shareLargeValues(shared: SharedArrayBuffer): void {
  permit = new Int32Array(shared);
}

/** Waits until no other thread holds large values. Calls nest. */
export function beginLargeValue(): void {
  if (held++ > 0 || permit === null) return;
  while (Atomics.compareExchange(permit, 0, 0, 1) !== 0) Atomics.wait(permit, 0, 1);
}

/** Gives the memory back before another thread may take it: waiting for a collection to come by itself would add up. */
export function endLargeValue(): void {
  if (--held > 0 || permit === null) return;
  collect ??= collector();
  collect();
  Atomics.store(permit, 0, 0);
  Atomics.notify(permit, 0, 1);
}

/** V8 shows its collector to a context that is made while the flag is set. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
