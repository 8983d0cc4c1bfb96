import { describe, expect, test } from 'vitest';
import { cycleFindings, dependencyFindings, heightFindings } from './heights.ts';
import { checkout, type Finding, type Tree } from './sources.ts';
import { sqlFindings } from './sql.ts';
import { docFindings, linkFindings, sizeFindings, staleExceptions, wordFindings } from './tidy.ts';

type Rule = (tree: Tree) => Finding[];

const src = 'packages/crossfade/src';
const long = (lines: number): string => 'x();\n'.repeat(lines);

/** Each rule, what it keeps so, and trees that it must object to: a rule that cannot fail keeps nothing. */
const rules: {
  name: string;
  rule: Rule;
  bad: Record<string, Record<string, string>>;
  good?: Record<string, string>;
}[] = [
  {
    name: 'imports point down',
    rule: heightFindings,
    bad: {
      upwards: { [`${src}/core/a.ts`]: `import { b } from '../pg/b.ts';` },
      'upwards for a type': { [`${src}/core/a.ts`]: `import type { B } from '../pg/b.ts';` },
      'upwards by re-export': { [`${src}/core/a.ts`]: `export { b } from '../pg/b.ts';` },
      'upwards on demand': { [`${src}/core/a.ts`]: `const b = await import('../pg/b.ts');` },
      sideways: { [`${src}/copy/a.ts`]: `import { b } from '../verify/b.ts';` },
      'driver to driver': { [`${src}/drivers/sqlite/a.ts`]: `import { b } from '../files/b.ts';` },
      'verification to copying': { [`${src}/verify/a.ts`]: `import { b } from '../copy/b.ts';` },
      'verification to the values of copying': { [`${src}/verify/a.ts`]: `import { b } from '../schema/values/b.ts';` },
      'source to test': { [`${src}/core/a.ts`]: `import { b } from '../../test/harness/b.ts';` },
      'a folder without a height': { [`${src}/utils/a.ts`]: '' },
    },
    good: {
      [`${src}/move/a.ts`]: `import { b } from '../copy/b.ts'; import { c } from './c.ts'; import fs from 'node:fs';`,
      [`${src}/drivers/sqlite/a.ts`]: `import { b } from './deep/b.ts'; import { c } from '../../core/c.ts';`,
      [`${src}/verify/a.ts`]: `import { b } from '../schema/model.ts';`,
    },
  },
  {
    name: 'no file imports itself by way of others',
    rule: cycleFindings,
    bad: {
      'two files': { [`${src}/pg/a.ts`]: `import './b.ts';`, [`${src}/pg/b.ts`]: `import './a.ts';` },
      'three files, one by type': {
        [`${src}/pg/a.ts`]: `import './b.ts';`,
        [`${src}/pg/b.ts`]: `import type { C } from './c.ts';`,
        [`${src}/pg/c.ts`]: `export * from './a.ts';`,
      },
    },
    good: {
      [`${src}/pg/a.ts`]: `import './b.ts'; import './c.ts';`,
      [`${src}/pg/b.ts`]: `import './c.ts';`,
      [`${src}/pg/c.ts`]: '',
    },
  },
  {
    name: 'every imported package is declared',
    rule: dependencyFindings,
    bad: {
      undeclared: {
        [`${src}/pg/a.ts`]: `import x from '@scope/x/deep';`,
        'packages/crossfade/package.json': '{"dependencies":{"@scope/y":"1"}}',
      },
      'a tool in the product': {
        [`${src}/pg/a.ts`]: `import 'vitest';`,
        'package.json': '{"devDependencies":{"vitest":"1"}}',
      },
    },
    good: {
      [`${src}/pg/a.ts`]: `import x from '@scope/x/deep'; import 'node:fs';`,
      [`${src}/pg/a.test.ts`]: `import 'vitest/node';`,
      'packages/crossfade/package.json': '{"dependencies":{"@scope/x":"1"}}',
      'package.json': '{"devDependencies":{"vitest":"1"}}',
    },
  },
  {
    name: 'files and functions stay small',
    rule: sizeFindings,
    bad: {
      'a long file': { [`${src}/core/a.ts`]: long(251) },
      'a long function': { [`${src}/core/a.ts`]: `function a() {\n${long(69)}}` },
      'a long method': { 'scripts/a.ts': `class A { b() {\n${long(69)}} }` },
    },
    good: { [`${src}/core/a.ts`]: `const a = () => {\n${long(68)}};`, [`${src}/core/a.test.ts`]: long(999) },
  },
  {
    name: 'every export of the product has TSDoc',
    rule: docFindings,
    bad: {
      none: { [`${src}/core/a.ts`]: 'export const a = 1;' },
      'a gap after a documented one': { [`${src}/core/a.ts`]: '/** a */\nexport const a = 1;\n\nexport const b = 1;' },
      'a plain comment': { [`${src}/core/a.ts`]: '/* a */\nexport interface A {}' },
      'a comment of something else': { [`${src}/core/a.ts`]: '/** b */\nconst b = 1;\nexport default b;' },
    },
    good: {
      [`${src}/core/a.ts`]: '/** a */\nexport type A = 1;\nexport const A = 1;',
      [`${src}/index.ts`]: `export { a } from './core/a.ts';`,
    },
  },
  {
    name: 'no SQL is put together out of strings',
    rule: sqlFindings,
    bad: {
      'a template with a parameter': { [`${src}/pg/a.ts`]: 'f((t: string) => client.query(`SELECT * FROM ${t}`));' },
      'a template with a property': { [`${src}/pg/a.ts`]: 'db.exec(`DROP TABLE ${row.name}`);' },
      'text on text': { [`${src}/pg/a.ts`]: `f((t: string) => db.prepare('SELECT * FROM ' + t));` },
      'by way of a constant': { 'scripts/a.ts': 'const q = `SELECT ${row.x}`; const r = q; await client.query(r);' },
      'in a choice': { [`${src}/pg/a.ts`]: 'query(client, all ? "SELECT 1" : `SELECT ${x}`);' },
      'in the text of a named statement': { [`${src}/pg/a.ts`]: 'pool.query({ name: "a", text: `SELECT ${x}` });' },
      'said to be trusted': { [`${src}/pg/a.ts`]: 'trusted(`SELECT ${row.x}`);' },
      'text of anything': { [`${src}/pg/a.ts`]: 'client.query(`SELECT ${String(x)}`);' },
      'half of it quoted': { 'bench/a.ts': 'client.query(`SELECT ${ident(a)} FROM ${b}`);' },
      'a name that is a constant elsewhere': {
        [`${src}/pg/a.ts`]: 'const a = b; const b = a; client.query(`SELECT ${a}`);',
      },
    },
    good: {
      [`${src}/pg/a.ts`]: 'query(client, sql`SELECT ${x} FROM ${name(t)}`); client.query(`SELECT ${ident(t)}`);',
      [`${src}/pg/b.ts`]:
        'const list = names.map(ident); client.query(`SELECT ${list.join(", ")}, ${limits.rowsMax}`);',
      [`${src}/pg/c.ts`]: 'for (const t of ["a", "b"]) db.exec(`DROP TABLE ${t}`); db.exec(`${"BEGIN"}; COMMIT`);',
      [`${src}/pg/d.ts`]: `f((mode: 'wal' | 'off') => db.exec(\`PRAGMA journal_mode = \${mode}\`)); db.exec('A' + 'B');`,
      [`${src}/pg/e.test.ts`]: 'client.query(`SELECT ${x}`);',
    },
  },
  {
    name: 'nothing names a registry, a machine, or work left over',
    rule: wordFindings,
    bad: {
      registry: { 'package-lock.json': ['"resolved": "https://registry', 'npmjs.org/x"'].join('.') },
      machine: { 'docs/a.md': ['see ', 'home', 'somebody', 'file'].join('/') },
      leftover: { [`${src}/core/a.ts`]: ['// TO', 'DO: later'].join('') },
    },
    good: { 'docs/a.md': 'A todo list lies in /var/lib/x, and homework in homes/work.' },
  },
  {
    name: 'links between documents lead somewhere',
    rule: linkFindings,
    bad: {
      file: { 'docs/a.md': '[b](b.md)' },
      heading: { 'docs/a.md': '[b](b.md#two)', 'docs/b.md': '# One' },
    },
    good: {
      'docs/a.md': '[b](b.md#one-two) [c](../src/) `[d](d.md)` [e](https://example.com/e)',
      'docs/b.md': '## One, two',
      'src/c.ts': '',
    },
  },
  { name: 'no exception outlives its reason', rule: staleExceptions, bad: {} },
];

const tree = checkout();

for (const { name, rule, bad, good } of rules) {
  describe(name, () => {
    test('in this checkout', () => {
      expect(rule(tree).map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([]);
    });
    for (const [what, files] of Object.entries(bad)) {
      test(`and it objects: ${what}`, () => expect(rule(new Map(Object.entries(files)))).toHaveLength(1));
    }
    if (good) test('and it objects to nothing else', () => expect(rule(new Map(Object.entries(good)))).toEqual([]));
  });
}

test('an exception that is not needed is found', () => {
  expect(staleExceptions(new Map([['a.ts', 'x']]), { 'a.ts': 'long once' })).toHaveLength(1);
  const excused = { 'scripts/a.ts': { parts: ['x', 'y'], why: 'once' } };
  expect(sqlFindings(new Map([['scripts/a.ts', 'db.exec(`DROP TABLE ${x}`);']]), excused)).toHaveLength(1);
});
