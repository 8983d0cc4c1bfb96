import { ident } from '../core/sql-text.ts';
import { numberKind } from './number.ts';
import { Names } from './names.ts';
import { declarations, type Form, type Survey } from './survey.ts';

/** A table of the copy. */
export interface LaidTable {
  /** As the source calls it. */
  readonly source: string;
  readonly name: string;
  readonly columns: readonly LaidColumn[];
  /** The column that names a row, or null: then rows are numbered in the order of the source. */
  readonly key: LaidColumn | null;
  /** Whether a record is named as its key stands; else its name is the key as the files driver spells it. */
  readonly isPlain: boolean;
  readonly records: number;
}

/** A column of the copy. */
export interface LaidColumn {
  readonly name: string;
  /** The member that it holds; null for the record's name. */
  readonly member: string | null;
  readonly form: Form;
}

/** What a cell of the copy is bound from. */
export type Cell = null | bigint | number | string | Uint8Array;

/** Designs the table of a survey. `isUnique`: whether what would be its key is another one in every record. */
export function tableOf(
  survey: Survey,
  name: string,
  isUnique: (member: string | null) => boolean,
): LaidTable & { readonly warnings: readonly string[] } {
  // The one name of the rowid that is ours in every table.
  const names = new Names('column', ['_rowid_']);
  const columns = survey.names.map(
    (member): LaidColumn => ({ name: names.of(member), member, form: survey.form(member) }),
  );
  const isNameless = survey.named === 0 && (survey.records > 0 || columns.length > 0);
  const isNamed = !isNameless && survey.named === survey.records && isUnique(null);
  const ownKey = isNamed ? survey.ownKey : null;
  if ((!isNameless || columns.length === 0) && ownKey === null)
    columns.unshift({ name: keyName(survey, names), member: null, form: 'text' });
  const id = ['id', '_id'].find((member) => survey.names.includes(member));
  const isId = isNameless && id !== undefined && survey.isKey(id) && isUnique(id);
  const keyMember = isNamed ? ownKey : isId ? id : undefined;
  return {
    source: survey.table,
    name,
    columns,
    key: columns.find(({ member }) => member === keyMember) ?? null,
    isPlain: survey.isPlain(keyMember ?? null),
    records: survey.records,
    warnings: [...absences(survey), ...names.renamed.map((renamed) => renaming(survey.table, renamed))],
  };
}

/** What the name of a record is called, where no member is called so. */
function keyName(survey: Survey, names: Names): string {
  const free = ['id', 'key'].find((wish) => !survey.names.some((member) => member.toLowerCase() === wish));
  return names.free(free ?? 'name');
}

function absences(survey: Survey): string[] {
  const gaps = survey.names.filter((member) => survey.absent(member) > 0);
  if (gaps.length === 0) return [];
  const parts = gaps.slice(0, 20).map((member) => {
    const nulls = survey.nulls(member);
    return `${JSON.stringify(member)} in ${survey.absent(member)}${nulls === 0 ? '' : ` (and null in ${nulls})`}`;
  });
  const more = gaps.length > parts.length ? `, and ${gaps.length - parts.length} others` : '';
  return [
    `Of the ${survey.records} records of ${survey.table} some lack a member, and NULL stands for it: ${parts.join(', ')}${more}.`,
  ];
}

function renaming(table: string, { from, to }: { from: string; to: string }): string {
  return `The member ${JSON.stringify(from)} of ${table} became the column ${to}: SQL does not tell its name from another one, or cannot say it.`;
}

/** The statement that makes a table. A key is the order of the table, so that a row keeps its name when others come. */
export function createStatement({ name, columns, key }: LaidTable): string {
  const lines = columns.map(
    (column) => `${ident(column.name)} ${declarations[column.form]}${column === key ? ' NOT NULL' : ''}`,
  );
  const suffix = key === null ? ')' : `, PRIMARY KEY (${ident(key.name)})) WITHOUT ROWID`;
  return `CREATE TABLE ${ident(name)} (${lines.join(', ')}${suffix}`;
}

/** The statement that adds a row. Text goes in as bytes: it may hold NUL, or half a surrogate pair. */
export function insertStatement({ name, columns }: LaidTable): string {
  const places = columns.map(({ form }) => (form === 'text' ? 'CAST(? AS TEXT)' : '?'));
  return `INSERT INTO ${ident(name)} VALUES (${places.join(', ')})`;
}

/** The value of a member as a cell of its column. */
export function cellOf(form: Form, value: string | undefined, bytes: Uint8Array | undefined): Cell {
  if (bytes !== undefined) return bytes;
  if (value === undefined || value === 'null') return null;
  switch (form) {
    case 'boolean':
      return value === 'true' ? 1n : 0n;
    case 'number':
      return numberKind(value) === 'integer' ? BigInt(value) : Number(value);
    case 'text':
      return bytesOf(JSON.parse(value) as string);
    default:
      return value;
  }
}

/** UTF-8, with half a surrogate pair as the three bytes that it would have: they are seen as the bad text that they are. */
export function bytesOf(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat(
    Array.from(text, (character) => {
      const code = character.charCodeAt(0);
      const isHalf = character.length === 1 && code >= 0xd800 && code < 0xe000;
      return isHalf ? Buffer.from([0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]) : Buffer.from(character);
    }),
  );
}
