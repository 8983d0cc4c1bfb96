import { describe, expect, test } from 'vitest';
import { subjects } from './subjects.ts';

for (const { name, planted, ...sound } of subjects) {
  describe(name, () => {
    test('every promise holds in every state, and the rare states are among them', () => {
      const { states, depth, broken, missed, trace } = sound.explore('bounds');
      process.stdout.write(`${name}: ${states} states, ${depth} steps deep\n`);
      expect(broken, trace).toBeNull();
      expect(missed).toEqual([]);
    });

    test.each(planted.map((each) => [each.what, each] as const))('found: %s', (_, { breaks, steps, explore }) => {
      const found = explore(breaks);
      expect([found.broken, found.steps.length], found.trace).toEqual([breaks, steps]);
    });

    for (const { what, keeps, explore } of planted) {
      if (keeps === undefined) continue;
      test(`and it does not break ${keeps}: ${what}`, () => {
        const { broken, trace } = explore(keeps);
        expect(broken, trace).toBeNull();
      });
    }
  });
}
