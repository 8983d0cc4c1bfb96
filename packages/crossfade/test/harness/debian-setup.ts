import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { libcLocale } from '../../src/pg/embedded/place.ts';
import { serve } from './global-setup.ts';

const bin = '/usr/lib/postgresql/15/bin';

/** The same tests against the PostgreSQL of Debian 12, in a private cluster: the packaged one is never touched. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(join(bin, 'postgres'))) throw new Error(`${bin} is missing: npm run test:real installs it`);
  return serve(project, { bin, locale: libcLocale });
}
