import type { Actor, Note, Registration, Renewal, StepRequest } from './contract.ts';
import type { KeepRequest } from './keeping.ts';
import { effectsOf, isDuration } from './steps.ts';

/** What a name or a hash may have at most, so that an index of PostgreSQL takes it. */
const textMax = 500;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws TypeError for what is no name that every ledger can keep */
export function checkText(what: string, text: string): void {
  if (typeof text !== 'string' || text === '' || text.length > textMax || text.includes('\0') || !text.isWellFormed())
    throw new TypeError(`${what} is a text of 1 to ${textMax} characters, without NUL and halves of characters.`);
}

/** @throws TypeError */
export function checkActor({ actor, commit }: Actor): void {
  checkText('An actor', actor);
  checkText('A commit', commit);
}

/** @throws TypeError also for two states that no step joins */
export function checkStep(group: string, request: StepRequest): void {
  checkText('A group', group);
  checkActor(request);
  checkEpoch(request.from.epoch);
  effectsOf(request);
  if (request.id !== undefined && !uuid.test(request.id))
    throw new TypeError('The id of a step is a UUID in small letters.');
  if (Object.values(request.facts ?? {}).some((fact) => typeof fact === 'number' && !Number.isFinite(fact)))
    throw new TypeError('A fact that is a number is a finite one.');
}

/** @throws TypeError */
export function checkNote(group: string, { epoch, isVerified, isRollbackReady }: Note): void {
  checkText('A group', group);
  checkEpoch(epoch);
  if (isVerified === undefined && isRollbackReady === undefined) throw new TypeError('A note says something.');
}

/** @throws TypeError */
export function checkRegistration(group: string, { id, mappingHash, leaseMs }: Registration): void {
  checkText('A group', group);
  checkText('The hash of a mapping', mappingHash);
  checkLease(id, leaseMs);
}

/** @throws TypeError */
export function checkRenewal(instance: string, { acked, leaseMs }: Renewal): void {
  checkEpoch(acked.epoch);
  checkLease(instance, leaseMs);
}

/** @throws TypeError */
export function checkKeeper(group: string, { keeper, leaseMs, findings }: KeepRequest): void {
  checkText('A group', group);
  checkText('A keeper', keeper);
  if (!isDuration(leaseMs)) throw new TypeError('A lease lasts whole milliseconds above zero.');
  if (findings !== undefined) checkEpoch(findings.epoch);
}

function checkLease(id: string, leaseMs: number): void {
  checkText('The id of an instance', id);
  if (!isDuration(leaseMs)) throw new TypeError('A lease lasts whole milliseconds above zero.');
}

function checkEpoch(epoch: bigint): void {
  if (typeof epoch !== 'bigint' || epoch < 0n || epoch >= 2n ** 63n)
    throw new TypeError('An epoch is a bigint from 0 to 2^63 - 1.');
}

/** What a page of the history is. @throws TypeError */
export function checkPage(page: { readonly after?: bigint; readonly limit?: number }): {
  after: bigint;
  limit: number;
} {
  const { after = 0n, limit = 1_000 } = page;
  checkEpoch(after);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new TypeError('A page of the history has 1 to 10,000 entries.');
  return { after, limit };
}
