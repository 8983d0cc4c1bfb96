/** It lies behind a byte, so that its place in memory is one. */
const noBytes = Buffer.alloc(1).subarray(1);

/**
 * Bytes as node:sqlite binds them for what they are: Node 22 makes NULL of an array without a byte whose buffer has none
 * either, as every empty cell that it has read has, and every empty array that comes from another thread.
 */
export function bindable(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? noBytes : bytes;
}
