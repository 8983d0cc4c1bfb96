import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line that people and machines read alike. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>): void {
    process.stdout.write(`\n${closingLine(countsOf(modules, unhandledErrors.length))}\n`);
  }
}

/** What a run came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The line itself. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** A file that cannot be loaded and an error outside of any test count as failed: neither leaves a failed test behind. */
function countsOf(modules: ReadonlyArray<TestModule>, errors: number): Counts {
  const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
  const count = (state: string): number => states.filter((each) => each === state).length;
  const broken = modules.reduce((sum, module) => sum + module.errors().length, 0);
  return {
    passed: count('passed'),
    failed: count('failed') + broken + errors,
    skipped: count('skipped') + count('pending'),
  };
}
