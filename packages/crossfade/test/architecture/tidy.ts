import { posix } from 'node:path';
import {
  type Finding,
  isSource,
  isTest,
  lineAt,
  nodesOf,
  type SyntaxNode,
  statementsOf,
  type Tree,
} from './sources.ts';

const fileLinesMax = 250;
const functionLinesMax = 70;

/** Files that may be longer, each with its reason. */
export const longFiles: Readonly<Record<string, string>> = {};

/** One letter of each stands in brackets, so that this file does not break its own rule. */
const forbidden = [
  { pattern: /registry[.]npmjs[.]org|npmjs[.]com/, what: 'names the host of a registry' },
  { pattern: /(^|[\s"'`(=:])\/(wor[k]|hom[e]|User[s])\/[\w.]+/, what: 'holds a path of somebody’s machine' },
  { pattern: /\b(TOD[O]|FIXM[E]|XX[X])\b/, what: 'leaves something to be done' },
];

/** Files and functions that have outgrown one idea and one screen. */
export function sizeFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    if (!isSource(path)) continue;
    const lines = text.trimEnd().split('\n').length;
    if (lines > fileLinesMax && longFiles[path] === undefined)
      findings.push({ path, line: 1, what: `${lines} lines, and ${fileLinesMax} are the limit` });
    for (const node of nodesOf(statementsOf(text))) {
      const length = lineAt(text, node.end) - lineAt(text, node.start) + 1;
      if (isFunction(node) && length > functionLinesMax) {
        findings.push({
          path,
          line: lineAt(text, node.start),
          what: `a function of ${length} lines, and ${functionLinesMax} are the limit`,
        });
      }
    }
  }
  return findings;
}

/** Exceptions that are not needed any more. */
export function staleExceptions(tree: Tree, exceptions = longFiles): Finding[] {
  return Object.keys(exceptions)
    .filter((path) => (tree.get(path)?.trimEnd().split('\n').length ?? 0) <= fileLinesMax)
    .map((path) => ({ path, line: 1, what: 'is excused for its length and is not long' }));
}

/** Exports of the product that say nothing about themselves. */
export function docFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    if (!/^packages\/[^/]+\/src\/.*\.ts$/.test(path) || isTest(path)) continue;
    let documentedUpTo = -1;
    for (const node of statementsOf(text)) {
      const exported =
        node.type === 'ExportDefaultDeclaration' ||
        (node.type === 'ExportNamedDeclaration' && node.declaration !== null);
      // Lines that follow one another without a gap share the comment above them.
      const continued = text.slice(documentedUpTo, node.start) === '\n';
      if (!exported) continue;
      if (continued || isDocumented(text, node.start)) documentedUpTo = node.end;
      else findings.push({ path, line: lineAt(text, node.start), what: 'an export without TSDoc' });
    }
  }
  return findings;
}

/** Words that have no place in the project. */
export function wordFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    for (const [index, line] of text.split('\n').entries()) {
      for (const { pattern, what } of forbidden) if (pattern.test(line)) findings.push({ path, line: index + 1, what });
    }
  }
  return findings;
}

/** Links between documents that lead nowhere: a file or a heading that is not there. */
export function linkFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  const folders = new Set([...tree.keys()].flatMap((path) => ancestors(path)));
  for (const [path, text] of tree) {
    if (!path.endsWith('.md')) continue;
    for (const match of withoutCode(text).matchAll(/\]\(([^)\s]+)[^)]*\)/g)) {
      const link = match[1] ?? '';
      if (/^[a-z]+:/.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : posix.join(posix.dirname(path), decodeURI(file)).replace(/\/$/, '');
      const line = lineAt(text, text.indexOf(match[0]));
      const found = tree.get(target);
      if (found === undefined && !folders.has(target))
        findings.push({ path, line, what: `links to ${link}, which does not exist` });
      else if (anchor && found !== undefined && !headingsOf(found).has(anchor))
        findings.push({ path, line, what: `links to ${link}, which has no such heading` });
    }
  }
  return findings;
}

function isFunction(node: SyntaxNode): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

function isDocumented(text: string, start: number): boolean {
  const before = text.slice(0, start).trimEnd();
  return before.endsWith('*/') && before.slice(before.lastIndexOf('/*')).startsWith('/**');
}

function ancestors(path: string): string[] {
  return path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'));
}

/** As many characters as before, so that positions stay true. */
function withoutCode(markdown: string): string {
  return markdown.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replace(/[^\n]/g, ' '));
}

/** The anchors that a renderer gives to headings: lower case, punctuation dropped, blanks to dashes. */
function headingsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map((match) => (match[1] ?? '').toLowerCase());
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}
