import { inspect } from 'node:util';

/** Everything that a logger, a crash report or a curious person could print of an error, and of what it carries. */
export function everythingPrintable(error: unknown): string {
  const { stack, cause } = error as Error;
  const json = JSON.stringify(error, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  const parts = [inspect(error, { depth: null, showHidden: true }), stack, String(error), json];
  return [...parts, String(cause)].join('\n');
}
