/** What a primary result code means whoever meets it, and what helps: around what was not done, which the reader and the store say. sqlite.org/rescode.html */
export const resultWords: Readonly<Record<number, { readonly what: string; readonly next: string }>> = {
  3: {
    what: 'SQLite was refused access to the file.',
    next: 'Check the rights of the file and of its folder.',
  },
  5: {
    what: 'Another process holds a lock on the database.',
    next: 'Try again when it has finished.',
  },
  6: {
    what: 'A table of the database is locked.',
    next: 'Try again when the other process has finished.',
  },
  11: {
    what: 'SQLite finds the file damaged.',
    next: "Restore it from a backup, or recover what can be recovered with SQLite's own .recover.",
  },
  26: {
    what: 'The file is not a SQLite database, or it is encrypted.',
    next: 'Check the path.',
  },
};

/** SQLite's extended result code of what node:sqlite has thrown; -1 for anything else. */
export function resultCodeOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) : -1;
}

/** A sentence of the table, with what was not done in the middle. */
export function resultSentence(code: number, notDone: string): string {
  const { what, next } = resultWords[code];
  return `${what} ${notDone} ${next}`;
}
