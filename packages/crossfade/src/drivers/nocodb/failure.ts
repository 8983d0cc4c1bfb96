import { CrossfadeError, type ErrorCode } from '../../core/errors.ts';
import type { RequestFailure } from './request-failure.ts';
import type { Id } from './table.ts';

type Facts = CrossfadeError['facts'];

function factsOf(collection: string, { status, reason }: RequestFailure): Facts {
  return { collection, reason, ...(status !== null && { status }) };
}

/** What to do about it, by status. */
const advice: Readonly<Record<number, string>> = {
  401: 'The token is not valid, or not any longer: make a new one.',
  403: 'The token lacks a right: give its user the role of an editor of the base.',
  404: 'Look whether the base and the table are there, and whether NocoDB has started.',
  413: 'The record is larger than the server takes.',
  422: 'The server does not take a value: its own text columns hold 100,000 characters.',
  429: 'Ask less often, by requestsPerSecond, or later.',
};

/** The server refused, failed, or was not reached. @param what was not done */
export function storeFailed(collection: string, what: string, failure: RequestFailure): CrossfadeError {
  const { status, reason, retryAfterMs } = failure;
  const next = (status === null ? undefined : advice[status]) ?? 'Look whether NocoDB runs, and into its log.';
  return new CrossfadeError(
    codeOf(failure),
    `${collection}: NocoDB ${status === null ? `gave no answer (${reason})` : `answered ${status} (${reason})`}. ${what} ${next}`,
    { ...factsOf(collection, failure), ...(retryAfterMs > 0 && { retryAfterMs }) },
  );
}

/** A value that the column does not hold is the record's fault, and others of the same call may be fine. */
function codeOf({ status, reason }: RequestFailure): ErrorCode {
  if (status === 429) return 'E_STORE_BUSY';
  return reason.endsWith('INVALID_VALUE_FOR_FIELD') ? 'E_RECORD_REFUSED' : 'E_STORE_FAILED';
}

/** Nobody can say whether the write was done. */
export function outcomeUnknown(collection: string, failure: RequestFailure): CrossfadeError {
  return new CrossfadeError(
    'E_OUTCOME_UNKNOWN',
    `${collection}: the write was sent, and NocoDB's answer (${failure.reason}) leaves open whether it was done, or will be yet. Read before writing it again.`,
    factsOf(collection, failure),
  );
}

/** How many records an error names. */
const namedMax = 10;

/** Records that stand in the way of an answer, by NocoDB's own numbers. */
export function storeDamaged(collection: string, ids: readonly Id[], why: string, what: string): CrossfadeError {
  const named = ids.slice(0, namedMax).map(String);
  const more = ids.length > namedMax ? `, and ${ids.length - namedMax} more` : '';
  return new CrossfadeError(
    'E_RECORD_DAMAGED',
    `${collection}: what NocoDB numbers ${named.join(', ')}${more} ${why}. ${what} Mend it in NocoDB.`,
    { collection, ids: ids.map(String) },
  );
}
