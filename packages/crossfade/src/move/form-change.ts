import type { DocumentMember, SourceColumn } from '../schema/model.ts';

/**
 * Why a column does not hold what it held when a list or a plan was written, or null. One document decides how all of
 * them are laid: with a number among texts each text is spelled as JSON, and would not be the text that was moved.
 */
export function formChange({ name, member }: SourceColumn, then: DocumentMember | undefined): string | null {
  const column = `column ${JSON.stringify(name)}`;
  if (member?.name !== then?.name) return `has another member of the documents in its ${column}`;
  if (member?.form === then?.form) return null;
  return `had its ${column} laid as ${then?.form}, and has it as ${member?.form} now`;
}
