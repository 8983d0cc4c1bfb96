import type { Bulk } from './bulk.ts';
import type { Capture } from './capture.ts';
import type { Counters } from './counters.ts';
import type { Fence } from './fence.ts';
import type { Mirror } from './mirror.ts';

/**
 * What the live protocol needs of a driver, beyond what an application does. A part is there exactly when `supports`
 * declares it, is asked while the store is open, and gets arguments that are checked.
 */
export interface Live {
  readonly capture?: Capture;
  readonly fence?: Fence;
  readonly mirror?: Mirror;
  readonly bulk?: Bulk;
  readonly counters?: Counters;
}
