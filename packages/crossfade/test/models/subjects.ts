import { approach } from './approach.ts';
import { backfill } from './backfill.ts';
import { flip } from './flip.ts';
import { intents } from './intents.ts';
import type { Subject } from './subject.ts';
import { rollback } from './rollback.ts';
import { verifier } from './verifier.ts';
import { writePath } from './write-path.ts';

/** Every model, in the order in which the protocol is told. */
export const subjects: readonly Subject[] = [writePath, intents, backfill, approach, flip, rollback, verifier];
