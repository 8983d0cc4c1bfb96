import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { RowKey } from '../core/cell.ts';
import { keyFromParts, keyToParts } from '../core/key-json.ts';
import { invalidList, type Reject, type RejectCode, type RejectHead, type RejectList } from './rejects.ts';

const rejectCodes = [
  'E_TEXT_NUL',
  'E_TEXT_ENCODING',
  'E_BLOB_IN_TEXT',
  'E_VALUE_TOO_LARGE',
  'E_TYPE_UNFIT',
  'E_DOCUMENT_UNREADABLE',
  'E_ROW_GONE',
  'E_KEY_TAKEN',
  'E_ROW_REFUSED',
] as const satisfies readonly RejectCode[];

const headSchema = z.strictObject({
  crossfadeRejects: z.literal(1),
  source: z.string(),
  numbering: z.string(),
  target: z.string(),
  schema: z.string(),
  tables: z.array(
    z.strictObject({
      source: z.string(),
      target: z.string(),
      key: z.array(z.string()),
      columns: z.array(
        z.strictObject({
          source: z.string(),
          target: z.string(),
          rules: z.array(z.string()),
          member: z.exactOptional(z.strictObject({ name: z.string().nullable(), form: z.string() })),
        }),
      ),
    }),
  ),
}) satisfies z.ZodType<RejectHead>;

const rowSchema = z.strictObject({
  table: z.string(),
  key: z.union([z.string().regex(/^-?\d{1,19}$/), z.array(z.record(z.string(), z.string()))]),
  column: z.string().nullable(),
  code: z.enum(rejectCodes),
  constraint: z.string().optional(),
});

/** Reads a list. Throws E_REJECTS_INVALID with the line that is wrong, and for lists that say too little to retry. */
export function readRejects(path: string): RejectList {
  const lines = textOf(path)
    .split('\n')
    .map((text, i) => ({ text, number: i + 1 }))
    .filter(({ text }) => text.trim() !== '');
  const [first, ...rest] = lines;
  if (first === undefined) throw invalidList(path, 'it is empty');
  const head = headSchema.safeParse(jsonOf(path, first));
  if (!head.success) {
    throw invalidList(
      path,
      rowSchema.safeParse(jsonOf(path, first)).success
        ? 'it is of an older version, which did not note where its rows come from and where they belong'
        : `line 1 is not the head of such a list (${issuesOf(head.error)})`,
    );
  }
  const keys = new Map(head.data.tables.map((table) => [table.source, table.key.length]));
  const rows = rest.map((line): Reject => {
    const row = rowSchema.safeParse(jsonOf(path, line));
    if (!row.success) throw invalidList(path, `line ${line.number} is not a row (${issuesOf(row.error)})`);
    const { key, constraint, ...named } = row.data;
    const values = keyOf(key);
    if (values === null || keys.get(named.table) !== values.length)
      throw invalidList(path, `line ${line.number} names a row of a table, or by a key, that line 1 does not know`);
    return { ...named, key: values, ...(constraint === undefined ? {} : { constraint }) };
  });
  const unique = new Map(rows.map((row) => [JSON.stringify([row.table, keyToParts(row.key)]), row]));
  return { path: resolve(path), head: head.data, rows: [...unique.values()] };
}

function keyOf(key: z.infer<typeof rowSchema>['key']): RowKey | null {
  try {
    return keyFromParts(typeof key === 'string' ? [{ integer: key }] : key);
  } catch {
    return null;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalidList(
      path,
      `it cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`,
    );
  }
}

function jsonOf(path: string, { text, number }: { text: string; number: number }): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidList(path, `line ${number} is not JSON`);
  }
}

/** Places alone: what stands there may be a key. */
function issuesOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'the line'}: ${issue.code}`).join('; ');
}
