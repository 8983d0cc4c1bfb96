/**
 * Finds the items that fail, where many can be tried at once: all together first, then in halves, down to single ones.
 * Few failures among many items cost few trials.
 */
export async function failing<T>(
  items: readonly T[],
  passes: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (items.length === 0 || (await passes(items))) return [];
  if (items.length === 1) return items;
  const middle = items.length >> 1;
  const first = await failing(items.slice(0, middle), passes);
  return [...first, ...(await failing(items.slice(middle), passes))];
}
