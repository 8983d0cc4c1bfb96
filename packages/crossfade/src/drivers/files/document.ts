import { type Collection, emptyRow, type Field, type Row, type Value } from '../../schema/collection.ts';
import { ValueFault } from '../../schema/values/field-values.ts';
import { jsonOf, valueOfJson } from '../../schema/values/json-form.ts';
import { JsonFault, parseJson, printJson } from '../../schema/values/json-value.ts';
import { keyOf } from '../../store/check-change.ts';
import { documentName, fieldName } from './file-name.ts';
import { Damage, type Members, membersOf } from './members.ts';

/** What stands in a document for bytes: a file beside it, and how to know that it is whole. */
export interface Attachment {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A document, understood. */
export interface Document {
  readonly members: Members;
  /** The record; its bytes are null until they are read from the attachments. */
  readonly row: Row;
  /** By field. */
  readonly attachments: ReadonlyMap<string, Attachment>;
}

/** Reads the document of this name. @throws Damage */
export function parseDocument(shape: Collection, name: string, bytes: Uint8Array): Document {
  const members = membersOf(bytes);
  const row = emptyRow();
  const attachments = new Map<string, Attachment>();
  for (const [field, declared] of Object.entries(shape.fields)) {
    const text = members.get(field) ?? 'null';
    row[field] = null;
    if (text !== 'null' && declared.type === 'bytes') attachments.set(field, attachmentOf(text, name, field));
    else row[field] = valueOf(text, field, declared);
  }
  if (documentName(keyOf(shape, row)) !== name) throw new Damage('has another key than its name');
  return { members, row, attachments };
}

/** A value as a member of a document. */
export function memberOf({ type }: Field, value: Value): string {
  return printJson(jsonOf(type, value));
}

/** The member that refers to an attachment. */
export function printAttachment({ file, bytes, sha256 }: Attachment): string {
  return printJson({ file, bytes, sha256 });
}

/** An attachment of the record of this name: its field and eight digits, which are new for each content. */
export function attachmentFile(name: string, field: string, digits: string): string {
  return `${name}.${fieldName(field)}.${digits}.bin`;
}

/** The name of the record that an attachment belongs to, or null for a file that is none. */
export function ownerOf(file: string): string | null {
  return /^(.+)\.[^.]+\.[0-9a-f]{8}\.bin$/.exec(file)?.[1] ?? null;
}

function valueOf(text: string, field: string, { type, nullable }: Field): Value {
  if (text === 'null') {
    if (nullable === true) return null;
    throw new Damage(`has no ${JSON.stringify(field)}`);
  }
  try {
    return valueOfJson(type, parseJson(text));
  } catch (error) {
    if (error instanceof ValueFault || error instanceof JsonFault)
      throw new Damage(`has a ${JSON.stringify(field)} that is no ${type}`);
    throw error;
  }
}

/** Only a file of this very record and field is ever opened, whatever a document says. */
function attachmentOf(text: string, name: string, field: string): Attachment {
  const fault = new Damage(`has a ${JSON.stringify(field)} that does not refer to an attachment of the record`);
  if (!text.startsWith('{')) throw fault;
  const { file, bytes, sha256 } = JSON.parse(text) as Record<string, unknown>;
  const digits = typeof file === 'string' ? (/\.([0-9a-f]{8})\.bin$/.exec(file)?.[1] ?? '') : '';
  if (file !== attachmentFile(name, field, digits) || typeof bytes !== 'number' || typeof sha256 !== 'string')
    throw fault;
  return { file, bytes, sha256 };
}
