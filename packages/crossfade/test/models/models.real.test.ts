import { expect, test } from 'vitest';
import { subjects } from './subjects.ts';

/** `models.test.ts` explores less, and breaks the rules one by one. */
test.each(subjects.map((each) => [each.name, each] as const))(
  '%s: every promise holds with more writes, more instances and more turns',
  { timeout: 1_800_000 },
  (name, { explore }) => {
    const { states, depth, broken, missed, trace } = explore('wider');
    process.stdout.write(`${name}: ${states} states, ${depth} steps deep\n`);
    expect(broken, trace).toBeNull();
    expect(missed).toEqual([]);
  },
);
