import type { Target } from '../pg/target.ts';
import type { Confirmations } from './confirm.ts';
import type { Note, Patience } from './context.ts';
import type { WaitOptions } from './wait.ts';

/** Which migrations, and which database. */
export interface MigrationPlace extends Omit<WaitOptions, 'onWait'> {
  /** Where the files lie. */
  readonly folder: string;
  readonly target: Target;
  /** Whose tables say what has run, and where plain names in the files lead. Default `public`; made when missing. */
  readonly schema?: string;
  /** Told what happens, a line each: files that ran, waiting, retries. */
  readonly onNote?: Note;
}

/** What `migrate` can be told. */
export interface MigrateOptions extends MigrationPlace, Patience {
  /**
   * Compares the schema with the one that the files make once they have run, as `verifySchema` does, and throws where
   * they differ. Default false: the files run a second time for it, in a throwaway. By `migrate` alone, as `confirm`.
   */
  readonly verify?: boolean;
  /** Asked when the schema stands. */
  readonly confirm?: Confirmations;
}
