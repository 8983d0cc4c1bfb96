import type { Target } from '../../pg/target.ts';
import type { Script } from '../model.ts';
import type { SchemaDescription } from './description.ts';
import type { Way } from './fit.ts';
import type { PassedOver } from './run-files.ts';

/** What is to be built, and where. */
export interface Build {
  readonly target: Target;
  readonly schema: string;
  /** The up files, ascending. */
  readonly scripts: readonly Script[];
  readonly privileges: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A schema that files have made, described. The schema itself is gone. */
export interface Built {
  readonly way: Way;
  readonly description: SchemaDescription;
  readonly passedOver: readonly PassedOver[];
}
