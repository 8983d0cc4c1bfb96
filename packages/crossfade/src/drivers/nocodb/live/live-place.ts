import { CrossfadeError } from '../../../core/errors.ts';
import type { Gate } from '../../../store/gate.ts';
import type { Place } from '../place.ts';
import { Overtaken } from '../settle.ts';
import type { Applier } from './applier.ts';
import type { BatchSize } from './batches.ts';

/** What the mirror and loads of an open base work on. */
export interface LivePlace {
  readonly placeOf: (collection: string) => Place;
  readonly applier: Applier;
  /** Writes of the application side by side, what follows another store alone. */
  readonly gate: Gate;
  readonly size: BatchSize;
}

/** How often a call begins anew, because people remove what it is about to change. */
const roundsMax = 10;

/** Begins anew where somebody else was quicker. @throws CrossfadeError E_STORE_BUSY when that never ends */
export async function overtaking<T>(work: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round++)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      if (round === roundsMax)
        throw new CrossfadeError(
          'E_STORE_BUSY',
          `nocodb: others removed records all the time, ${round} attempts long. Not every record was written. Make the same call again.`,
          { store: 'nocodb', attempts: round },
        );
    }
}
