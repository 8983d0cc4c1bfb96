/**
 * Proves that two tables hold the same rows, without a line in common with what loaded them: both sides are read
 * completely, every value becomes a digest of what it means in its type, and where sums differ the rows are named.
 * What this can and cannot see: docs/reference/verification.md.
 */
export { type Collected, collectSource, collectTarget, mergeCollected, targetCollection } from './collect.ts';
export { type Difference, type FindLimits, type Findings, findDifferences, pairDifferences } from './differences.ts';
export type { Feed } from './feed.ts';
export { type LeftOut, rowKeyText, sumSource, sumTarget, targetSum } from './sum.ts';
export { seedBytes } from './mix.ts';
export { addSums, differingBuckets, emptySums, type Sums } from './sums.ts';
export { copyOutStatement, type VerifyColumn, type VerifyTable } from './table.ts';
