import type { NotMoved } from '../schema/model.ts';

/**
 * What a source that is no database consists of, in an order that is the same at every reading. Text is JSON as it stands
 * there, so that no number or member is lost before it is decided what it becomes.
 */
export type Entry = RecordEntry | EmptyEntry | UnreadableEntry | AsideEntry | RemarkEntry;

/** A record of a table. */
export interface RecordEntry {
  readonly kind: 'record';
  readonly table: string;
  /** What the source calls it: the name of its file, or of the member that it is. Null for an element of an array. */
  readonly name: string | null;
  /** The object, to the letter, without two members of one name. */
  readonly text: string;
  /** Bytes that stand beside the document, by member. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

/** A table that is there, also without a record. */
export interface EmptyEntry {
  readonly kind: 'empty';
  readonly table: string;
  /** What its records would have, where the source says so. Default: nobody knows. */
  readonly members?: readonly string[];
}

/** A record that is there and cannot be read; it counts as a row that is withheld. */
export interface UnreadableEntry {
  readonly kind: 'unreadable';
  readonly table: string;
  readonly name: string;
  /** In words that repeat nothing of it. */
  readonly why: string;
}

/** Something that is no record, and is not moved. */
export interface AsideEntry {
  readonly kind: 'aside';
  /** What it is, of a source that has no files; else it is one. */
  readonly of?: NotMoved['kind'];
  readonly name: string;
  readonly why: string;
}

/** Something about a record, or a whole file, that the report tells. */
export interface RemarkEntry {
  readonly kind: 'remark';
  readonly name: string;
  /** A verb and the rest, in words that repeat nothing of it. */
  readonly text: string;
}

/** Opens the source and reads it from its beginning; called once to lay it, and once more to compare. */
export type ReadEntries = () => AsyncIterable<Entry>;

const noBytes: ReadonlyMap<string, Uint8Array> = new Map();

/** A record whose values all stand in its text. */
export function record(table: string, name: string | null, text: string): RecordEntry {
  return { kind: 'record', table, name, text, bytes: noBytes };
}
