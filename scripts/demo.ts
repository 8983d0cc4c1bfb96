import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import pc from 'picocolors';
import type { Report } from '../packages/crossfade/src/move/report.ts';
import { embeddedStatus, startEmbedded } from '../packages/crossfade/src/pg/embedded/embedded.ts';
import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { plainQuery } from '../packages/crossfade/test/support/plain-client.ts';
import { makeAmplifier } from '../packages/crossfade/test/fixtures/amplifier.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(root, 'packages/crossfade/bin/crossfade.mjs');
const folder = join('.crossfade', 'demo');
const source = join(folder, 'amplifier.db');
/** On two cores. Told rather than demanded: how busy a machine is says nothing about the demo. */
const secondsPromised = 60;
const schemas = { exact: 'crossfade_demo_exact', typed: 'crossfade_demo' };

/** Two moves of one file: as it is, and as somebody would want it who has read the first report. */
async function demo(): Promise<number> {
  const started = performance.now();
  process.chdir(root);
  mkdirSync(folder, { recursive: true });
  title('A SQLite file, as a session service might have it');
  makeAmplifier(source);
  say(
    `${source}: ${(statSync(source).size / 1e6).toFixed(0)} MB, 5,000 sessions with transcripts, and a few rows that are not what they should be.`,
  );

  title('A PostgreSQL server of its own');
  const target = await startEmbedded();
  const { version } = embeddedStatus();
  say(
    `PostgreSQL ${version} at ${target.display}, in ${relative(root, target.folder)}. Stop it with: npx crossfade postgres stop`,
  );
  await dropOldDemo(target);

  title('Move it, exactly as it is');
  const exact = await move('exact', `--schema ${schemas.exact}`);
  if (exact === null || exact.exitCode !== 0) return unexpected(0, exact);
  const why = exact.tables
    .find((table) => table.source === 'sessions')
    ?.columns.find((column) => column.source === 'transcript')?.why;
  say(`\nExit 0: every value arrived and was compared. ${pc.bold('sessions.transcript')} stayed text: ${why}`);

  title('Move it again, with what the report taught');
  say(
    'transcript shall be jsonb, and empty transcripts NULL; rows that even then do not fit are withheld and listed; 0 and 1 become boolean.\n',
  );
  const rules =
    '--rule sessions.transcript=jsonb --rule sessions.transcript=empty:null --rule applications.is_active=boolean';
  const typed = await move('typed', `--schema ${schemas.typed} ${rules} --bad-values quarantine --gin`);
  if (typed === null || typed.exitCode !== 4) return unexpected(4, typed);
  say(`\nExit 4: finished, with an account. The rows withheld are in ${typed.quarantineFile}.`);

  await look(target);
  const seconds = (performance.now() - started) / 1000;
  say(
    `\nThe demo took ${seconds.toFixed(1)} s, what had to be installed before not counted; ${secondsPromised} are promised.`,
  );
  return 0;
}

/** Runs the real command in this terminal, and reads the report that it leaves. */
async function move(name: string, options: string): Promise<Report | null> {
  const report = join(folder, `${name}.json`);
  rmSync(report, { force: true });
  // A demo that was interrupted has left its own half behind.
  const typed = `move ${source} ${options} --restart`;
  say(pc.dim(`$ npx crossfade ${typed}`));
  const child = spawn(process.execPath, [command, ...typed.split(' '), '--report', report], {
    stdio: 'inherit',
    env: withoutServer(),
  });
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return reportOf(name);
}

/** The report that a move of the demo has left, or null. */
function reportOf(name: string): Report | null {
  const path = join(folder, `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : null;
}

/** The demo is about the embedded server: variables that name another one would send the file there. */
function withoutServer(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'DATABASE_URL' && !name.startsWith('PG')),
  );
}

/** A move never drops anything; the demo drops the two schemas of its own last run, and its list of withheld rows, so that it can be run again. */
async function dropOldDemo(target: Target): Promise<void> {
  const withheld = reportOf('typed')?.quarantineFile ?? null;
  if (withheld !== null) rmSync(withheld, { force: true });
  const old = await rows(target, 'select nspname from pg_namespace where nspname = any($1)', [Object.values(schemas)]);
  for (const { nspname } of old) {
    say(`Dropping the schema ${nspname} of an earlier demo.`);
    await rows(target, `drop schema ${pg.escapeIdentifier(String(nspname))} cascade`);
  }
}

async function look(target: Target): Promise<void> {
  title('Look at it');
  const query = `select status, count(*)::int as sessions, sum(jsonb_array_length(transcript))::int as messages from ${schemas.typed}.sessions group by status order by status`;
  say(pc.dim(query));
  for (const row of await rows(target, query))
    say(
      `  ${Object.entries(row)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
    );
  const file = embeddedStatus().passwordFile ?? '';
  say(`
Yourself:
  PGPASSWORD=$(node -p "JSON.parse(fs.readFileSync('${relative(root, file).startsWith('..') ? file : relative(root, file)}')).password") psql -h ${target.host} -p ${target.port} -U ${target.user} -d ${target.database}
  npx crossfade verify ${source} --schema ${schemas.exact}
  npx crossfade plan ${source}`);
}

async function rows(target: Target, sql: string, values: unknown[] = []): Promise<Record<string, string | number>[]> {
  return (await plainQuery<Record<string, string | number>>(target, sql, values)).rows;
}

function unexpected(expected: number, report: Report | null): number {
  process.stderr.write(
    `\nThe move should have ended with ${expected} and ${report === null ? 'left no report' : `ended with ${report.exitCode}`}. The demo ends here; nothing needs to be undone.\n`,
  );
  return 1;
}

function title(text: string): void {
  say(`\n${pc.bold(pc.cyan(text))}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await demo();
