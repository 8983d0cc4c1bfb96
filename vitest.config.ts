import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Where the harness lies. */
export const harness = 'packages/crossfade/test/harness';

/** Every test there is. */
export const tests = ['packages/*/{src,test}/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'];

/** What takes long and would say the same: `npm run test:real` runs it, on Debian's PostgreSQL. */
export const slow = '**/*.slow.test.ts';

/** What needs parts that npm does not bring: `vitest.real.config.ts` runs it. */
export const real = '**/*.real.test.ts';

/** Real servers and real files: what is slow on a busy machine is not wrong. */
export const shared = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // Tests wait for servers as long as they compute, so one more of them than there are cores keeps these at work.
  maxWorkers: availableParallelism() + 1,
  // Importing the sources anew for every file takes longer than most files. Tests change no module's state.
  isolate: false,
  unstubEnvs: true,
  reporters: ['default', `./${harness}/closing-line.ts`],
};

export default defineConfig({
  test: {
    ...shared,
    name: 'embedded',
    include: tests,
    exclude: [real, slow, '**/node_modules/**'],
    globalSetup: [`${harness}/global-setup.ts`],
  },
});
