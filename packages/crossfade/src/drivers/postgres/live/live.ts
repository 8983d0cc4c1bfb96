import type { Live } from '../../../store/live/live.ts';
import { bulkOf } from './bulk.ts';
import { captureOf } from './capture.ts';
import { countersOf } from './counters.ts';
import { fenceOf } from './fence.ts';
import { mirrorOf } from './mirror.ts';
import type { LivePlace } from './place.ts';

/** What the live protocol needs of a PostgreSQL store, while it is open. */
export function liveOf(place: LivePlace): Required<Live> {
  return {
    capture: captureOf(place),
    fence: fenceOf(place),
    mirror: mirrorOf(place),
    bulk: bulkOf(place),
    counters: countersOf(place),
  };
}
