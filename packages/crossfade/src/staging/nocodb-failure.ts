import { CrossfadeError, type ErrorCode } from '../core/errors.ts';
import type { RequestFailure } from '../drivers/nocodb/request-failure.ts';
import type { NocodbPlace } from './nocodb-place.ts';

/** A request for the base or for a table of it has failed, as an error of the source. Nothing of an answer is repeated. */
export function nocodbFailure({ url, base }: NocodbPlace, failure: RequestFailure, table?: string): CrossfadeError {
  const { status, reason } = failure;
  const facts = { url, base, reason, ...(status !== null && { status }), ...(table !== undefined && { table }) };
  const [code, what, next] = wordsOf(failure, base, table);
  return new CrossfadeError(code, `NocoDB at ${url} ${what}. Nothing was moved. ${next}`, facts);
}

type Words = readonly [code: ErrorCode, what: string, next: string];

function wordsOf({ status, reason }: RequestFailure, base: string, table: string | undefined): Words {
  const of = table === undefined ? '' : ` for the table ${table}`;
  if (status === 404 && !reason.endsWith('_NOT_FOUND'))
    return ['E_SOURCE_MISSING', `is not there: something else answered 404 (${reason})`, 'Check the address.'];
  const byStatus: Readonly<Record<number, Words>> = {
    401: ['E_SOURCE_FORBIDDEN', 'does not take the token of NOCODB_TOKEN (401)', 'Make a new one there, and set it.'],
    403: [
      'E_SOURCE_FORBIDDEN',
      `keeps the base ${base} from the owner of the token (403)`,
      'Take the token of an owner or creator of the base: from other roles tables may be hidden.',
    ],
    404:
      table === undefined
        ? [
            'E_SOURCE_MISSING',
            `has no base ${base} that the token may see`,
            'Take the id (p…) from the address of its pages.',
          ]
        : ['E_SOURCE_CHANGED', `has no table ${table} any longer`, 'Run the same command again.'],
    429: ['E_SOURCE_BUSY', 'asks to be left alone for longer than a minute (429)', 'Run the same command again later.'],
  };
  const said =
    status !== null
      ? `answered ${status} (${reason})`
      : reason.startsWith('NO_')
        ? `gave an answer that cannot be read (${reason})`
        : `gave no answer (${reason})`;
  return (
    byStatus[status ?? 0] ?? [
      'E_SOURCE_UNREACHABLE',
      `${said}${of}`,
      'Check the address, look whether NocoDB runs, and into its log.',
    ]
  );
}
