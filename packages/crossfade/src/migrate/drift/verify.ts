import type pg from 'pg';
import { CrossfadeError, type ExitCode } from '../../core/errors.ts';
import { connect, disconnect, query } from '../../pg/connect.ts';
import { sql } from '../../pg/sql.ts';
import type { Target } from '../../pg/target.ts';
import { readMigrations } from '../files.ts';
import type { Script } from '../model.ts';
import { readWhatIsThere } from '../history.ts';
import { tablesIn } from '../tables.ts';
import type { Build, Built } from './build.ts';
import { describeSchema } from './describe.ts';
import { diffSchemas } from './diff.ts';
import type { Finding } from './finding.ts';
import type { Way } from './fit.ts';
import type { PassedOver } from './run-files.ts';
import { removeLeftovers } from './scratch.ts';
import { buildInDatabase } from './scratch-database.ts';
import { buildInSchema } from './scratch-schema.ts';

/** What to compare. */
export interface VerifySchemaOptions {
  readonly target: Target;
  /** The folder of migrations. */
  readonly folder: string;
  /** Default `public`. */
  readonly schema?: string;
  /** Compare owners and grants too. Default false. */
  readonly privileges?: boolean;
  /** Where the files run. Default `auto`: a database where the role may create one, else a schema. */
  readonly build?: Way | 'auto';
  /** Ends it: what was built is dropped, and E_INTERRUPTED thrown. */
  readonly signal?: AbortSignal;
}

/** The outcome, as plain data. */
export interface DriftReport {
  readonly verdict: 'equal' | 'drift';
  readonly exitCode: ExitCode;
  readonly target: string;
  readonly schema: string;
  /** As SQL writes it. */
  readonly schemaSql: string;
  readonly folder: string;
  /** The database's version, up to which the files were run; null before the first migration. */
  readonly version: bigint | null;
  /** Where the files ran. */
  readonly built: Way;
  readonly findings: readonly Finding[];
  readonly passedOver: readonly PassedOver[];
  /** Throwaway databases of killed runs that this role may not drop. */
  readonly leftovers: readonly string[];
}

/**
 * Compares the live schema with the one that the up files make, up to the version that the database is at. The files run
 * in a throwaway that is gone when this returns; the live schema is read and never written.
 *
 * @example
 * const report = await verifySchema({ target, folder: 'migrations' });
 * if (report.verdict === 'drift') throw new Error(`the schema has drifted: ${report.findings[0]?.object}`);
 *
 * @throws CrossfadeError E_MIGRATION_FILES, E_MIGRATION_SYNTAX, E_MIGRATION_MISSING, E_MIGRATION_DIRTY,
 * E_MIGRATION_STATE, E_MIGRATION_UNFIT, E_MIGRATION_FAILED, E_TARGET_RIGHTS and the other E_TARGET codes, E_INTERRUPTED
 */
export async function verifySchema(options: VerifySchemaOptions): Promise<DriftReport> {
  const { target, folder, schema = 'public', privileges = false, build: way = 'auto', signal } = options;
  const { all } = readMigrations(folder);
  // Not ended by the signal: it has to drop what it made.
  const admin = await connect(target, { application: 'crossfade drift' });
  try {
    const version = await versionOf(admin, schema);
    const scripts = upTo(version, all, folder);
    const leftovers = await removeLeftovers(admin);
    // Before the files run: they take time, in which the live schema may go on.
    const live = await describeSchema(admin, schema, { privileges });
    const built = await buildBy(way, admin, { target, schema, scripts, privileges, signal });
    if (signal?.aborted) throw interruptedVerify();
    const findings = diffSchemas(built.description, live, { except: built.way === 'schema' ? ['extension'] : [] });
    const { rows } = await query(admin, sql`SELECT quote_ident(${schema}::text) AS name`, 'quote a name');
    const equal = findings.length === 0;
    return {
      verdict: equal ? 'equal' : 'drift',
      exitCode: equal ? 0 : 1,
      target: target.display,
      schema,
      schemaSql: rows[0]?.name ?? schema,
      folder,
      version,
      built: built.way,
      findings,
      passedOver: built.passedOver,
      leftovers,
    };
  } catch (error) {
    // The connection broke because it was told to; a throwaway that could not be dropped is news all the same.
    const told = error instanceof CrossfadeError && stopCodes.has(error.code) && error.facts.leftover === undefined;
    throw signal?.aborted && told ? interruptedVerify() : error;
  } finally {
    await disconnect(admin);
  }
}

const stopCodes: ReadonlySet<string> = new Set([
  'E_INTERRUPTED',
  'E_TARGET_LOST',
  'E_TARGET_UNREACHABLE',
  'E_INTERNAL',
]);

function interruptedVerify(): CrossfadeError {
  return new CrossfadeError(
    'E_INTERRUPTED',
    'The comparison was interrupted. What it had built is dropped, and the live schema was not touched. Run it again.',
  );
}

async function buildBy(way: Way | 'auto', admin: pg.Client, build: Build): Promise<Built> {
  const built = way === 'schema' ? null : await buildInDatabase(admin, build);
  if (built !== null) return built;
  if (way !== 'database') return buildInSchema(build);
  throw new CrossfadeError(
    'E_TARGET_RIGHTS',
    'The role may not create a database for the files to run in. Nothing was done. Allow it with ALTER ROLE … CREATEDB, or let them run in a throwaway schema: --build schema.',
  );
}

async function versionOf(client: pg.Client, schema: string): Promise<bigint | null> {
  const { version, dirty } = await readWhatIsThere(client, tablesIn(schema));
  if (!dirty) return version;
  throw new CrossfadeError(
    'E_MIGRATION_DIRTY',
    `Migration ${version} stopped in the middle, so no version says what the schema should be. Nothing was compared. See crossfade migrate status for the repair, and verify again.`,
    { version },
  );
}

function upTo(version: bigint | null, all: ReturnType<typeof readMigrations>['all'], folder: string): Script[] {
  if (version === null) return [];
  const wanted = all.filter((migration) => migration.version <= version);
  const gone = wanted.find(({ up }) => up === null);
  if (gone === undefined && wanted.at(-1)?.version === version) return wanted.flatMap(({ up }) => up ?? []);
  throw new CrossfadeError(
    'E_MIGRATION_MISSING',
    `The database is at version ${version}, and ${folder} has no up file of ${gone?.version ?? version}. Nothing was compared. Use the folder that the database was migrated with.`,
    { version: gone?.version ?? version },
  );
}
