import { limits } from './limits.ts';

/**
 * Why a name that a person has given cannot be used in PostgreSQL as it stands, or null. PostgreSQL would cut a long
 * name without an error, and the report would then speak of something that does not exist.
 */
export function nameFault(name: string): string | null {
  if (name === '') return 'a name cannot be empty';
  if (name.includes('\0') || !name.isWellFormed()) return 'a name cannot hold NUL or half of a surrogate pair';
  const bytes = Buffer.byteLength(name);
  return bytes > limits.identifierBytesMax
    ? `a name has at most ${limits.identifierBytesMax} bytes, and this one has ${bytes}`
    : null;
}

/** The same for a schema: PostgreSQL keeps some for itself. */
export function schemaFault(name: string): string | null {
  const reserved = name.startsWith('pg_') || name === 'information_schema';
  return reserved ? "schemas of that name are PostgreSQL's own" : nameFault(name);
}
