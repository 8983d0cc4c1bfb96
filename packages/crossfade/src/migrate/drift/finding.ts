import type { Fact, Kind, SchemaObject } from './description.ts';

/** One difference between the schema of the files and the live one. Plain data. */
export interface Finding {
  readonly kind: Kind;
  /** `users`, `users.email`, `next_visit(uuid)`. */
  readonly object: string;
  /** `missing` in the live schema, `extra` there and in no file, or there and `different`. */
  readonly change: 'missing' | 'extra' | 'different';
  /** What differs; empty for the other two. */
  readonly facts: readonly FactDifference[];
  /** Statements, without semicolons, that would make the live schema what the files say. Nothing runs them. */
  readonly sql: readonly string[];
  /** What a person has to know before running them, or why there are none. Sentences. */
  readonly notes: readonly string[];
}

/** One fact that both sides have, otherwise. */
export interface FactDifference {
  readonly fact: string;
  readonly files: Fact;
  readonly live: Fact;
}

/** How people speak of an object. */
export function objectName({ kind, on, name }: SchemaObject): string {
  if (on === null) return name;
  return kind === 'column' || kind === 'column comment' ? `${on}.${name}` : `${name} on ${on}`;
}
