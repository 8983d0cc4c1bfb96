import { CrossfadeError } from '../../core/errors.ts';

/** What an error of the file system says by itself; its message would name files, and so keys. */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).name;
}

/** The folder refused. @param what was not done */
export function storeFailed(dir: string, what: string, error: unknown): CrossfadeError {
  const reason = reasonOf(error);
  return new CrossfadeError(
    'E_STORE_FAILED',
    `The folder ${dir} failed (${reason}). ${what} Look at its rights, its space and its disk, and try again.`,
    { folder: dir, reason },
    { cause: error },
  );
}

/** The folder failed when the write could be seen already. */
export function outcomeUnknown(dir: string, error: unknown): CrossfadeError {
  const reason = reasonOf(error);
  return new CrossfadeError(
    'E_OUTCOME_UNKNOWN',
    `The folder ${dir} failed (${reason}) while a write was being made to last: it may be there or not. Close the store, open it again and read.`,
    { folder: dir, reason },
    { cause: error },
  );
}

/** The folder failed when the records of the mirror were on the disk, and their guards were not. */
export function guardsNotNoted(dir: string, error: unknown): CrossfadeError {
  const facts = error instanceof CrossfadeError ? error.facts : { folder: dir, reason: reasonOf(error) };
  return new CrossfadeError(
    'E_STORE_FAILED',
    `The folder ${dir} failed (${String(facts.reason)}). The records are there, but not the versions that they were mirrored at, so that older ones may replace them once the store was opened again. Look at its rights, its space and its disk, and make the same call again.`,
    facts,
    { cause: error },
  );
}

/** How many files an error names; `damaged()` names all. */
const namedMax = 10;

/** Files that stand in the way of an answer. @param what was not done */
export function storeDamaged(collection: string, files: readonly string[], why: string, what: string): CrossfadeError {
  const more = files.length > namedMax ? `, and ${files.length - namedMax} more` : '';
  return new CrossfadeError(
    'E_RECORD_DAMAGED',
    `${collection}: ${files.slice(0, namedMax).join(', ')}${more} ${why}. ${what} Mend or move what damaged() lists while the store is closed.`,
    { collection, files },
  );
}
