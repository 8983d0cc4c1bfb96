import type { NotTranslated } from './exported.ts';

/**
 * What a constraint or index can have that a copy has not, by the words that `readTable` gives it; and whether the rest of
 * it is right without. A unique key that is looser in the copy still holds of every row; a constraint that rows may break,
 * or that does something else, does not belong there.
 */
const clauses = {
  'NOT VALID': { isCarried: false, why: 'rows may break it' },
  'NOT ENFORCED': { isCarried: false, why: 'rows may break it' },
  invalid: { isCarried: false, why: 'PostgreSQL has not finished it, and rows may break it' },
  PERIOD: { isCarried: false, why: 'it compares spans of time' },
  'SET COLUMNS': { isCarried: false, why: 'it empties only some of its columns, and a copy would empty them all' },
  'WITHOUT OVERLAPS': { isCarried: true, why: 'the copy compares the spans as text, and lets them overlap' },
  'MATCH FULL': { isCarried: true, why: 'the copy lets a part of it be NULL' },
  DEFERRABLE: { isCarried: true, why: 'the copy checks it at once' },
  'NULLS NOT DISTINCT': { isCarried: true, why: 'the copy lets any number of rows be NULL there' },
  INCLUDE: { isCarried: true, why: 'the index of the copy has the columns of its key alone' },
} as const;

/** One of those words. */
export type Clause = keyof typeof clauses;

/** Whether what is called `what` is carried over in spite of its clauses; each of them is told. */
export function isCarried(what: string, has: readonly Clause[], told: NotTranslated[]): boolean {
  const obstacle = has.find((clause) => !clauses[clause].isCarried);
  if (obstacle !== undefined) {
    told.push({ what, why: `it is ${obstacle}: ${clauses[obstacle].why}` });
    return false;
  }
  for (const clause of has) told.push({ what: `${clause} of ${what}`, why: clauses[clause].why });
  return true;
}
