import type { RowOf } from '../../schema/collection.ts';
import type { Change } from '../contract.ts';
import type { SuiteSchema } from './schema.ts';

/** A record of the collection that most cases use. */
export type Person = RowOf<SuiteSchema['people']>;

/** A person of the suite. */
export function person(id: string, more: Partial<Person> = {}): Person {
  return { id, name: `name of ${id}`, email: null, age: null, team: null, ...more };
}

/** Inserts a person. */
export const insert = (row: Person): Change<SuiteSchema> => ({ kind: 'insert', collection: 'people', row });
/** Puts a person. */
export const put = (row: Person): Change<SuiteSchema> => ({ kind: 'put', collection: 'people', row });
