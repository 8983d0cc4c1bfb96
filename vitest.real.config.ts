import { defineConfig } from 'vitest/config';
import { harness, real, shared, tests } from './vitest.config.ts';

/** What would say the same on any server: it reads files, or brings a server of its own. */
const serverless = [
  'packages/crossfade/test/architecture/**',
  'packages/crossfade/src/{core,schema,sync}/**',
  'packages/crossfade/src/pg/embedded/**',
  'packages/crossfade/src/drivers/{files,memory,nocodb}/**',
  'packages/crossfade/src/drivers/sqlite/store/**',
  'packages/crossfade/test/store/**',
  'packages/crossfade/test/models/**',
  'scripts/**',
  'bench/**',
];

/** Campaigns that take long: whole files under two more Nodes, and every nasty input there and back as documents. */
const campaigns =
  process.env.CROSSFADE_TEST_CAMPAIGN === '1'
    ? []
    : ['scripts/nodes.real.test.ts', 'packages/crossfade/test/nasty/round-trip-documents.real.test.ts'];

/** `npm run test:real`: the tests that need Debian's packages, and the ordinary ones again on Debian's PostgreSQL. */
export default defineConfig({
  test: {
    ...shared,
    projects: [
      {
        extends: true,
        test: {
          name: 'real',
          include: [`packages/*/{src,test}/${real}`, `scripts/${real}`, `bench/${real}`],
          exclude: ['**/node_modules/**', ...campaigns],
          globalSetup: [`${harness}/global-setup.ts`],
        },
      },
      {
        extends: true,
        test: {
          name: 'debian',
          // Where npm test takes a sample, and calls a command that it does not start.
          env: { CROSSFADE_TEST_ALL: '1' },
          include: tests,
          exclude: [real, '**/node_modules/**', ...serverless],
          globalSetup: [`${harness}/debian-setup.ts`],
        },
      },
    ],
  },
});
