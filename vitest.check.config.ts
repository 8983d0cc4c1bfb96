import { defineConfig } from 'vitest/config';

/** The tests that read the sources and need no server, for `npm run check`. */
export default defineConfig({
  test: { include: ['packages/crossfade/test/architecture/**/*.test.ts'], reporters: ['dot'], testTimeout: 120_000 },
});
