import { CrossfadeError } from '../../core/errors.ts';
import type { MigrateOptions } from '../options.ts';
import { verifySchema } from './verify.ts';

/** As many as one reads in a log; the command prints all of them. */
const namedMax = 5;

/**
 * For the start of a service: a schema that somebody has changed by hand stops the start, and not a user.
 *
 * @throws CrossfadeError E_MIGRATION_DRIFT that names what differs; what {@link verifySchema} throws
 */
export async function refuseDrift({ target, folder, schema, signal }: MigrateOptions): Promise<void> {
  const place = { target, folder, ...(schema !== undefined && { schema }), ...(signal && { signal }) };
  const { findings, version, schemaSql } = await verifySchema(place);
  if (findings.length === 0) return;
  const objects = findings.map(({ kind, object, change }) => `${kind} ${object} (${words[change]})`);
  const more = objects.length > namedMax ? `; and ${objects.length - namedMax} more` : '';
  throw new CrossfadeError(
    'E_MIGRATION_DRIFT',
    `The migrations stand, and schema ${schemaSql} is not what the files make: ${objects.slice(0, namedMax).join('; ')}${more}. The service should not start, and nothing was changed. crossfade migrate verify prints the difference as SQL.`,
    { version, schema: schemaSql, objects },
  );
}

const words = { missing: 'missing', extra: 'in no file', different: 'different' } as const;
