import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lint } from '../../src/migrate/lint/lint.ts';
import { rules } from '../../src/migrate/lint/rules.ts';
import type { Rule } from '../../src/migrate/lint/model.ts';
import type { Script } from '../../src/migrate/model.ts';
import { noTransactionMark } from '../../src/migrate/script.ts';
import { counterparts } from './squawk-table.ts';

/** Where the page lies. */
export const page = new URL('../../../../docs/reference/lint.md', import.meta.url);

const head = `# Lint

\`\`\`
crossfade migrate lint [--dir FOLDER] [--since VERSION] [--json]
\`\`\`

A migration that runs well on an empty table can stop a service with a full one. \`lint\` reads the files with
PostgreSQL's own grammar and says what blocks, breaks or loses, why, and what to write instead. It asks no database and
changes nothing.

It exits with 0 when there is no error and no warning, with 1 when there is one, and with 2 for wrong use. Notes are
advice and fail nothing.

| severity | meaning |
|---|---|
| error | the migration fails, loses values, breaks running programs, or keeps all of them waiting while a table is read or written |
| warning | it waits or makes others wait for a short time, cannot be undone or repeated, or does something else than it seems to |
| note | there is a better way |

## What it takes for granted

- **A table counts as large and in use**, unless the same file makes it. What is new is nobody's yet, and may be altered,
  indexed and filled.
- **\`--since VERSION\`** says which version the database is at. Files up to it are read and not judged. The later ones run
  in one go, so tables that they make count as new until a file puts rows into them.
- **Types, indexes and constraints are known from all files before.** A change from varchar(20) to varchar(50) is free, and
  no finding, where a file tells that it was varchar(20). An index for a foreign key counts wherever it is made.
- **A name without a schema** means \`public\`.
- **DO blocks are read**, and what \`EXECUTE\` runs if it is a plain string. SQL that is put together while it runs is not
  seen. The bodies of functions are not judged: they do not run in the migration.
- **Down files** are held to everything that blocks. They may drop what their up file made.

## Silence a finding

\`\`\`sql
-- crossfade: allow drop-column because nothing has read it since release 12
ALTER TABLE users DROP COLUMN fax;
\`\`\`

Above a statement it holds for that statement. At the head of the file, with a blank line below, it holds for the whole
file. Several codes are separated by commas. A reason is demanded. A silence without reason, of an unknown code, or that
silences nothing is a finding itself, and so is any other comment to Crossfade that does nothing.

## The result as JSON

\`--json\` prints \`folder\`, \`files\`, \`statements\`, \`counts\` (\`error\`, \`warning\`, \`note\`), \`exitCode\` and \`findings\`. A
finding has \`code\`, \`severity\`, \`path\`, \`line\` and \`column\` (from 1), \`statement\` (its first line), \`reason\` and
\`safe\`. Codes never change their meaning.
`;

/** The page as the rules and the table of squawk's rules say it. */
export async function lintReference(): Promise<string> {
  const listed = rules.map(({ code, severity, title }) => `| [\`${code}\`](#${code}) | ${severity} | ${title} |`);
  const sections: string[] = [];
  for (const rule of rules) sections.push(await section(rule));
  return [
    head,
    `## The rules\n\n| code | severity | finds |\n|---|---|---|\n${listed.join('\n')}\n`,
    ...sections,
    squawkTable(),
  ].join('\n');
}

async function section(rule: Rule): Promise<string> {
  const ups = [
    ...(rule.history ?? []),
    ...(rule.code === 'down-incomplete' ? ['CREATE TABLE visits (id bigint);'] : [rule.bad]),
  ];
  const down = rule.code === 'down-incomplete' ? rule.bad : null;
  const all = ups.map((sql, index) => ({
    version: BigInt(index + 1),
    name: 'step',
    up: rule.code === 'missing-up' ? null : script(index + 1, 'up', sql),
    down: rule.code === 'missing-up' ? script(index + 1, 'down', sql) : down === null ? null : script(1, 'down', down),
  }));
  const { findings } = await lint({ folder: '', all, findings: [] });
  const found = findings.find(({ code }) => code === rule.code);
  if (found === undefined) throw new Error(`${rule.code} does not find its own fault`);
  const before = (rule.history ?? []).map((sql) => `${sql}\n-- next migration\n`).join('');
  const sql = `\`\`\`sql\n-- bad\n${before}${rule.bad}\n\n-- safe\n${found.safe}\n\`\`\``;
  return `### ${rule.code}\n\n**${rule.title}** (${rule.severity}). ${found.reason}\n\n${sql}\n`;
}

function script(version: number, direction: string, sql: string): Script {
  const path = `${version}_step.${direction}.sql`;
  return { path, sql, sha256: '', transactional: !sql.startsWith(noTransactionMark) };
}

function squawkTable(): string {
  const rows = Object.entries(counterparts).map(([name, { codes, unless = '' }]) => {
    const ours = codes.length === 0 ? 'not followed' : codes.map((code) => `\`${code}\``).join(' ');
    return `| ${name} | ${ours} | ${unless} |`;
  });
  return `## For those who come from squawk

Each rule of squawk 2.61 and what stands in its place. A test runs both over the same files and finds one of ours wherever
squawk finds something, but for the exceptions told here.

| squawk | Crossfade | exception |
|---|---|---|
${rows.join('\n')}
`;
}

// Run as a program, it writes the page.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, await lintReference());
