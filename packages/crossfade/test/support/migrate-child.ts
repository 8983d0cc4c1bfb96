import { flushCompileCache } from 'node:module';
// Not the public face, which loads far more than a migration needs: many of these start.
import { migrate } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';

/** A service that migrates at its start: options as JSON in its only argument; prints the report, or the error's code. */
const options = JSON.parse(process.argv[2] ?? '') as MigrateOptions;
// A process that is killed keeps nothing of what it has compiled, and the next one compiles it again.
flushCompileCache();
try {
  const report = await migrate({ ...options, onNote: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(JSON.stringify({ ran: report.ran.length, version: String(report.version) }));
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message }));
  process.exitCode = 1;
}
