import { flushCompileCache } from 'node:module';
// Not the public face, which loads far more than a migration needs: many of these start.
import type { Goal } from '../../src/migrate/goal.ts';
import { migrateTo } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';

/** A service that migrates at its start: options and perhaps a goal as JSON in its only argument; prints the report, or the error's code. */
const { goal, ...options } = JSON.parse(process.argv[2] ?? '', (key, value: unknown) =>
  key === 'version' ? BigInt(value as string) : value,
) as MigrateOptions & { readonly goal?: Goal };
// A process that is killed keeps nothing of what it has compiled, and the next one compiles it again.
flushCompileCache();
try {
  const onNote = (line: string) => void process.stderr.write(`${line}\n`);
  const report = await migrateTo({ ...options, onNote }, goal ?? { kind: 'up' });
  process.stdout.write(JSON.stringify({ ran: report.ran.length, version: String(report.version) }));
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message }));
  process.exitCode = 1;
}
