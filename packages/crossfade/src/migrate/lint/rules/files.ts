import { scanSync } from '../../parser.ts';
import type { FileScene, Hit, Rule } from '../model.ts';
import { keyOf } from '../names.ts';
import { type MadeObject, objectKey, objectsDropped, objectsMade, undoing } from '../objects.ts';
import { as } from '../tree.ts';

/** PostgreSQL cuts a name behind this many bytes. */
const nameBytesMax = 63;

/** What the file leaves behind: made, and not dropped by itself again. */
function leaves(file: FileScene): MadeObject[] {
  const made = new Map<string, MadeObject>();
  for (const { node } of file.pieces) {
    for (const each of objectsDropped(node)) made.delete(objectKey(each));
    for (const each of objectsMade(node)) made.set(objectKey(each), each);
  }
  const tables = new Set([...made.values()].filter(({ kind }) => kind === 'TABLE').map(({ name }) => keyOf(name)));
  return [...made.values()].filter(({ table }) => table === null || !tables.has(keyOf(table)));
}

/** What the down file does not take away. */
function remaining(up: FileScene, down: FileScene): MadeObject[] {
  const gone = down.pieces.flatMap(({ node }) => objectsDropped(node));
  const again = down.pieces.flatMap(({ node }) => objectsMade(node));
  const keys = new Set([...gone, ...again].map(objectKey));
  const names = (kind: string): string[] => gone.filter((each) => each.kind === kind).map(({ name }) => name.name);
  const schemas = new Set(names('SCHEMA'));
  return leaves(up).filter((object) => {
    const { kind, name, table, columns } = object;
    if (keys.has(objectKey(object)) || schemas.has(name.schema ?? table?.schema ?? '')) return false;
    if (kind === 'INDEX' && names('INDEX').includes(name.name)) return false;
    if (table === null) return !(kind === 'SEQUENCE' && names('TABLE').length > 0);
    const dropsColumn = gone.some((each) => each.kind === 'COLUMN' && columns.includes(each.name.name));
    const dropsTable = gone.some((each) => each.kind === 'TABLE' && keyOf(each.name) === keyOf(table));
    return !dropsColumn && !dropsTable;
  });
}

function renamesLeft(up: FileScene, down: FileScene): string[] {
  const renames = (file: FileScene): string[][] =>
    file.pieces.flatMap(({ node }) => {
      const each = as(node, 'RenameStmt');
      if (each === null) return [];
      return [[each.subname ?? each.relation?.relname ?? '', each.newname ?? '', each.renameType ?? '']];
    });
  const back = new Set(renames(down).map(([from, to, kind]) => JSON.stringify([to, from, kind])));
  return renames(up)
    .filter((each) => !back.has(JSON.stringify(each)))
    .map(([from, to]) => `the renaming of ${from} to ${to}`);
}

function undoingAll(objects: readonly MadeObject[]): string {
  return objects.toReversed().map(undoing).join('\n');
}

/** What only a whole file, or the pair, shows. */
export const fileRules: readonly Rule[] = [
  {
    code: 'missing-down',
    severity: 'warning',
    title: 'An up file without its down file',
    reason: 'Nothing undoes this migration: {path} is not there.',
    safe: 'DROP TABLE visits;',
    bad: 'CREATE TABLE visits (id bigint PRIMARY KEY);',
    downs: false,
    checkFile: (file) => {
      if (file.direction === 'down' || file.hasPartner) return [];
      const objects = leaves(file);
      const safe = objects.length === 0 ? {} : { safe: `-- ${file.partnerPath}\n${undoingAll(objects)}` };
      return [{ words: { path: file.partnerPath }, ...safe }];
    },
  },
  {
    code: 'down-incomplete',
    severity: 'warning',
    title: 'A down file that does not undo its up file',
    reason: 'After going down there is still {what}; going up again fails on it.',
    safe: 'DROP TABLE visits;',
    bad: 'SELECT 1;',
    downs: true,
    checkFile: (file) => {
      if (file.direction === 'up' || file.partner === null) return [];
      const objects = remaining(file.partner, file);
      const names = objects.map(({ kind, name }) => `${kind} ${name.name}`);
      const what = [...names, ...renamesLeft(file.partner, file)].join(', ');
      return what === '' ? [] : [{ words: { what }, safe: undoingAll(objects) }];
    },
  },
  {
    code: 'missing-up',
    severity: 'error',
    title: 'A down file without its up file',
    reason: 'There is nothing that it could undo: {path} is not there.',
    safe: 'CREATE TABLE visits (id bigint PRIMARY KEY);',
    bad: 'DROP TABLE visits;',
    downs: true,
    checkFile: (file) => (file.direction === 'down' && !file.hasPartner ? [{ words: { path: file.partnerPath } }] : []),
  },
  {
    code: 'name-cut',
    severity: 'warning',
    title: 'A name of more than 63 bytes',
    reason:
      'PostgreSQL cuts {name} after 63 bytes without an error: another name stands in the database, and two long ones may meet.',
    safe: 'CREATE TABLE visits_of_patients (id bigint PRIMARY KEY);',
    bad: 'CREATE TABLE visits_of_patients_who_were_referred_by_another_clinic_and_came_twice (id bigint PRIMARY KEY);',
    downs: true,
    check: ({ piece }) => longNames(piece.statement.sql),
  },
  {
    code: 'syntax-error',
    severity: 'error',
    title: 'Not SQL',
    reason: 'PostgreSQL’s grammar does not take the file: {message}',
    safe: 'CREATE TABLE visits (id bigint PRIMARY KEY);',
    bad: 'CREATE TABLE visits (id bigint PRIMARY KEY;',
    downs: true,
  },
];

function longNames(sql: string): Hit[] {
  // Most statements have no word of that length, and need no second look.
  if (!/[^\s,;()'.]{64}|"[^"]{64}/.test(sql) && Buffer.byteLength(sql) === sql.length) return [];
  return scanSync(sql)
    .tokens.filter(({ tokenName }) => tokenName === 'IDENT')
    .map(({ text, start }) => ({ start, name: text.replace(/^"|"$/g, '').replaceAll('""', '"') }))
    .filter(({ name }) => Buffer.byteLength(name) > nameBytesMax)
    .map(({ start, name }) => ({ at: start, words: { name } }));
}
