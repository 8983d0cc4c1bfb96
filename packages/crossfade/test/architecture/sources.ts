import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

/** The text of every file of a tree, by its path with `/` from the root. */
export type Tree = ReadonlyMap<string, string>;

/** What a rule has to say against a file: one sentence, with the way out where it is not plain. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const generated = new Set(['node_modules', '.git', '.nodes', '.crossfade', 'dist', 'coverage']);
/** Left by `npm run build`; their links lead from the root. */
const copies = new Set(['packages/crossfade/README.md', 'packages/crossfade/LICENSE']);
const readable = /\.(ts|mjs|json|md|svg|yml|yaml)$|(^|\/)(run|LICENSE|\.gitignore)$/;

/** This checkout as it lies there, without what is generated. */
export function checkout(folder = ''): Tree {
  const files = new Map<string, string>();
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (generated.has(entry.name) || copies.has(path)) continue;
    if (entry.isDirectory()) for (const [below, text] of checkout(path)) files.set(below, text);
    else if (readable.test(path)) files.set(path, readFileSync(join(root, path), 'utf8'));
  }
  return files;
}

/** The product's own TypeScript, without tests. */
export function isSource(path: string): boolean {
  return /^(packages\/[^/]+\/src|scripts|bench)\/.*\.(ts|mjs)$/.test(path) && !isTest(path);
}

/** A test, or what only tests use. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || /^packages\/[^/]+\/test\//.test(path);
}

/** A node of the syntax tree; only what the rules ask of one. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** The statements of a file. */
export function statementsOf(text: string): readonly SyntaxNode[] {
  return parseAst(text.replace(/^#!.*/, ''), { lang: 'ts' }).body as unknown as SyntaxNode[];
}

/** Every node of a file, outer before inner. */
export function* nodesOf(value: unknown): Generator<SyntaxNode> {
  if (Array.isArray(value)) for (const each of value) yield* nodesOf(each);
  else if (typeof value === 'object' && value !== null) {
    if ('type' in value && 'start' in value) yield value as SyntaxNode;
    for (const each of Object.values(value)) yield* nodesOf(each);
  }
}

/** Counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** One `import` or `export ... from`, also of types, also dynamic where its argument is a literal. */
export interface Import {
  readonly specifier: string;
  /** The imported file's path from the root; undefined for a package. */
  readonly target: string | undefined;
  readonly line: number;
}

/** Several rules ask, and reading a file takes longer than any of them. */
const read = new Map<string, { readonly text: string; readonly imports: readonly Import[] }>();

/** What a file imports. */
export function importsOf(path: string, text: string): readonly Import[] {
  const known = read.get(path);
  if (known?.text === text) return known.imports;
  const imports = readImports(path, text);
  read.set(path, { text, imports });
  return imports;
}

function readImports(path: string, text: string): Import[] {
  const found: Import[] = [];
  for (const node of nodesOf(statementsOf(text))) {
    const source = node.source as { value?: unknown } | null | undefined;
    if (!/^(Import|Export)/.test(node.type) || typeof source?.value !== 'string') continue;
    const specifier = source.value;
    const target = specifier.startsWith('.') ? posix.join(dirname(path), specifier) : undefined;
    found.push({ specifier, target, line: lineAt(text, node.start) });
  }
  return found;
}
