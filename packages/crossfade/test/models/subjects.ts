import { backfill } from './backfill.ts';
import { flip } from './flip.ts';
import { intents } from './intents.ts';
import type { Subject } from './subject.ts';
import { writePath } from './write-path.ts';

/** Every model, in the order in which the protocol is told. */
export const subjects: readonly Subject[] = [writePath, intents, backfill, flip];
