import { CrossfadeError } from '../core/errors.ts';

/** What a store says no to by itself, before or after it has asked its place. */
export type RefusalCode = 'E_KEY_EXISTS' | 'E_KEY_MISSING' | 'E_UNIQUE' | 'E_REFERENCE';

/** The refusal of a change, in the words that every driver uses. @param what completes `people: ...`; never a value */
export function refusal(code: RefusalCode, collection: string, what: string): CrossfadeError {
  return new CrossfadeError(code, `${collection}: ${what}. Nothing was written.`, { collection });
}

/** The usual words of each refusal. */
export const refusalWords: Readonly<Record<RefusalCode, string>> = {
  E_KEY_EXISTS: 'a record of the key is there already',
  E_KEY_MISSING: 'there is no record of the key',
  E_UNIQUE: 'another record has the same values in a unique set of fields',
  E_REFERENCE: 'a record refers to one that is not there, or is referred to by one that stays',
};
