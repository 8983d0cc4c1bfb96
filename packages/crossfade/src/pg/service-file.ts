import { existsSync, readFileSync } from 'node:fs';
import { type Parts, put, refusal } from './parameters.ts';

/**
 * Reads the section of a service out of the first of `paths` that has it: `[name]`, then `parameter=value` lines.
 * @see https://www.postgresql.org/docs/current/libpq-pgservice.html
 * @throws CrossfadeError E_TARGET_URL for a service that no file has, and for what libpq would not read either.
 */
export function fromServiceFile(service: string, paths: readonly string[]): Parts {
  for (const path of paths.filter((candidate) => existsSync(candidate))) {
    const parts = section(read(path), service, path);
    if (parts !== null) return parts;
  }
  const fix = `Define it in ${paths.join(' or ')}, or name the file in PGSERVICEFILE.`;
  throw refusal('The service', 'that is named is not defined', fix);
}

function section(text: string, service: string, path: string): Parts | null {
  let parts: Parts | null = null;
  for (const [i, line] of text
    .split(/\r?\n/)
    .map((raw) => raw.trim())
    .entries()) {
    const header = /^\[(.*)\]$/.exec(line)?.[1];
    // The first section of the name ends at the next header, as in libpq.
    if (header !== undefined && parts !== null) return parts;
    if (header === service) parts = {};
    if (parts === null || header !== undefined || line === '' || line.startsWith('#')) continue;
    const [, key, value] = /^([^=\s]+)=(.*)$/.exec(line) ?? [];
    const origin = `Line ${i + 1} of ${path}`;
    if (key === undefined || value === undefined) throw refusal(origin, 'is not parameter=value', 'Correct the line.');
    if (key === 'service') throw refusal(origin, 'names a service inside a service', 'Remove the line.');
    put(parts, key, value, origin);
  }
  return parts;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw refusal(
      `The service file ${path}`,
      'cannot be read',
      'Allow it to be read, or name another in PGSERVICEFILE.',
    );
  }
}
