import { type Column, isTrue } from '../drivers/nocodb/columns.ts';
import { numbersIn, splitArray } from '../schema/values/json-split.ts';
import { membersOf, objectText, Unreadable } from './document.ts';

/** Why a column is not moved, by its type: what NocoDB computes is no data of its own. */
const computed: Readonly<Record<string, string>> = {
  Formula: 'NocoDB computes it from other columns',
  Rollup: 'NocoDB computes it from linked records',
  Lookup: 'it shows a column of linked records, which is moved where it stands',
  Links:
    'it shows the records that are linked; the numbers that link them are moved, in a table or a column of their own',
  LinkToAnotherRecord:
    'it shows the records that are linked; the numbers that link them are moved, in a table or a column of their own',
  Barcode: 'it draws another column',
  QrCode: 'it draws another column',
  Button: 'it is a button',
};

/** Of the columns that NocoDB keeps for itself those that its API gives out. */
const shown = ['ID', 'CreatedTime', 'LastModifiedTime', 'ForeignKey'];

/** The columns of a table: what holds data, the key first, and what is computed, with a reason. */
export function columnsOf(columns: readonly Column[]) {
  const visible = columns.filter(({ system, pk, uidt }) => !isTrue(system) || isTrue(pk) || shown.includes(uidt));
  const kept = visible.filter(({ uidt }) => !Object.hasOwn(computed, uidt));
  return {
    kept: [...kept.filter(({ pk }) => isTrue(pk)), ...kept.filter(({ pk }) => !isTrue(pk))],
    leftOut: visible
      .filter(({ uidt }) => Object.hasOwn(computed, uidt))
      .map(({ title, uidt }) => ({ title, why: computed[uidt] })),
  };
}

/** Types whose numbers travel as floating point, whatever holds them below; NocoDB parses what is JSON there. */
export const floating = ['Decimal', 'Currency', 'Percent', 'JSON'];

/** Times whose fraction of a second is cut. */
export const cut = ['DateTime', 'CreatedTime', 'LastModifiedTime'];

/** The values of these columns in a record, to the letter. @throws Unreadable for a number that NocoDB may have rounded */
export function recordText(text: string, columns: readonly Column[]): string {
  const given = membersOf(text);
  return objectText(columns.map(({ title, uidt }) => [title, valueOf(title, uidt, given.get(title))]));
}

function valueOf(title: string, uidt: string, value: string | undefined): string {
  if (value === undefined) throw new Unreadable(`comes without its column ${JSON.stringify(title)}`);
  // SQLite below NocoDB has no truth values.
  if (uidt === 'Checkbox' && (value === '0' || value === '1')) return value === '1' ? 'true' : 'false';
  if (uidt === 'Attachment' && value.startsWith('[')) return lastingText(value);
  if (!value.startsWith('"') && isRounded(value))
    throw new Unreadable(
      `has a number beyond 2^53 in ${JSON.stringify(title)}, where NocoDB rounds: make that a column of text there`,
    );
  return value;
}

/** Whether a number is in a value, at whatever depth, that JavaScript may have made of another one. */
function isRounded(value: string): boolean {
  for (const number of numbersIn(value)) if (Math.abs(Number(number)) > Number.MAX_SAFE_INTEGER) return true;
  return false;
}

/** Attachments without the addresses that are made anew for each answer, and are worth nothing an hour later. */
function lastingText(attachments: string): string {
  const lasting = Array.from(splitArray(attachments), (each) =>
    each.startsWith('{')
      ? objectText([...membersOf(each)].filter(([name]) => !/^(signed|thumbnails)/.test(name)))
      : each,
  );
  return `[${lasting.join()}]`;
}
