import { CrossfadeError } from '../core/errors.ts';
import type { Control } from './contract.ts';

/** Verbs about it need its row. */
export function groupMissing(group: string): CrossfadeError {
  return new CrossfadeError(
    'E_GROUP_MISSING',
    `The ledger knows no group ${group}. Nothing was changed. Begin it, or look whether this is the right database.`,
    { group },
  );
}

/** Two releases with two mappings would write two shapes into one store. */
export function mappingDiffers({ group, state }: Pick<Control, 'group' | 'state'>): CrossfadeError {
  return new CrossfadeError(
    'E_MAPPING_DIFFERS',
    `${group}: the crossing is in state ${state} with another mapping than this one. Nothing was changed. Deploy the release that began it, or go back to legacy before changing the mapping.`,
    { group, state },
  );
}

/** Before `dual` no mapping counts. @throws CrossfadeError E_MAPPING_DIFFERS */
export function refuseForeign(control: Control, mappingHash: string): void {
  if (control.state !== 'legacy' && control.mappingHash !== mappingHash) throw mappingDiffers(control);
}

/** The defect of a caller who has not looked at the state. */
export function noRollback({ group, state }: Pick<Control, 'group' | 'state'>): TypeError {
  return new TypeError(`${group}: in ${state} there is nothing to roll back to, so it cannot be ready.`);
}

/** The defect of a caller who gives one id to two steps: one of them would seem to be taken. */
export function otherStep(id: string): TypeError {
  return new TypeError(`The id ${id} is that of another step, which was taken.`);
}

/** It goes by when somebody leads again. */
export function frozen({ group, state, frozenLeftMs }: Control): CrossfadeError {
  return new CrossfadeError(
    'E_CROSSING_FROZEN',
    `${group}: nobody leads for the moment (${state}), and nobody joins meanwhile. Nothing was changed. Try again when the cutover or rollback has ended.`,
    { group, state, frozenLeftMs },
  );
}

/** An id is one life. */
export function taken(instance: string): CrossfadeError {
  return new CrossfadeError(
    'E_INSTANCE_TAKEN',
    `An instance ${instance} is registered already. This one was not, and nothing was changed. Give each life of a process an id of its own.`,
    { instance },
  );
}

/** What it acts by is not the ledger's any more. */
export function over(instance: string, isUnclean: boolean): CrossfadeError {
  const why = isUnclean
    ? 'was marked unclean after its lease had ended'
    : 'is not there: it left, was forgotten, or never was';
  return new CrossfadeError(
    'E_INSTANCE_OVER',
    `The instance ${instance} ${why}. Nothing was changed. Let it stop, and register another in its place.`,
    { instance, isUnclean },
  );
}

/** Nobody else speaks for it as long as its lease lasts. */
export function stillLive(instance: string, leaseLeftMs: number): CrossfadeError {
  return new CrossfadeError(
    'E_INSTANCE_LIVE',
    `The lease of the instance ${instance} lasts ${leaseLeftMs} ms more. Nothing was changed. Let it leave, or wait until its lease has ended.`,
    { instance, leaseLeftMs },
  );
}
