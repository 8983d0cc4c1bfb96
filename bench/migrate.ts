import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { migrate } from '../packages/crossfade/src/migrate/migrate.ts';
import { connect, disconnect } from '../packages/crossfade/src/pg/connect.ts';
import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { withCluster } from './cluster.ts';
import { gate } from './gates.ts';
import { median } from './process.ts';
import { gateTable } from './results.ts';

const usage = `npm run bench -- migrate [--files 1000] [--repeats 15]
Runs small migrations in one go, then starts with nothing to do. Exit 1: a gate failed.`;

/** What a start with nothing to do may cost beyond the connection, with a thousand files in the folder. */
const idleMsMax = 30;

/** What a migration of one small statement may take: a thousand of them in 10 s. */
const eachMsMax = 10;

/** Runs the bench and resolves to the exit status. */
export async function benchMigrate(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      files: { type: 'string', default: '1000' },
      repeats: { type: 'string', default: '15' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'crossfade-bench-files-'));
  try {
    const files = Number(values.files);
    for (let n = 1; n <= files; n++) {
      const name = join(folder, String(n).padStart(6, '0'));
      writeFileSync(`${name}_table.up.sql`, `CREATE TABLE table_${n} (id bigint PRIMARY KEY, note text);\n`);
      writeFileSync(`${name}_table.down.sql`, `DROP TABLE table_${n};\n`);
    }
    return await withCluster(({ target }) => measure(folder, files, target, Number(values.repeats)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, files: number, target: Target, repeats: number): Promise<number> {
  const whole = await milliseconds(() => migrate({ folder, target }));
  say(`${files} migrations in one go: ${(whole / 1000).toFixed(2)} s, ${(whole / files).toFixed(2)} ms each`);
  const idle: number[] = [];
  const connecting: number[] = [];
  // In turn, so that a busy moment falls on both.
  for (let round = 0; round < repeats; round++) {
    connecting.push(await milliseconds(async () => disconnect(await connect(target))));
    idle.push(await milliseconds(() => migrate({ folder, target })));
  }
  const beyond = median(idle) - median(connecting);
  say(
    `nothing to do: ${median(idle).toFixed(1)} ms, of which the connection ${median(connecting).toFixed(1)} ms and all else ${beyond.toFixed(1)} ms (medians of ${repeats})`,
  );
  const gates = [
    gate('a start with nothing to do, in ms beyond the connection', beyond, idleMsMax),
    gate('one small migration of many, in ms', whole / files, eachMsMax),
  ];
  say(`\n${gateTable({ gates })}`);
  return gates.every(({ passed }) => passed) ? 0 : 1;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
