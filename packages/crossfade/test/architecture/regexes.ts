import { analyse } from 'scslre';
import { type Finding, isSource, lineAt, nodesOf, type SyntaxNode, statementsOf, type Tree } from './sources.ts';

/** Regexes that may take the square of their input's length, each with the reason why that is never long. */
export const shortInputs: Readonly<Record<string, string>> = {
  'packages/crossfade/src/migrate/drift/grammar-text-search.ts':
    'options of a dictionary, which PostgreSQL has printed',
  'packages/crossfade/src/pg/passfile.ts': 'a line of the user’s own file',
};

/**
 * Regexes that take longer than the length of their input times a constant: exponentially long for a few dozen
 * characters, or its square, for 50 KB of the same letter. Read off the pattern (scslre), so no machine is too fast for it.
 */
export function regexFindings(tree: Tree, excused = shortInputs): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    if (!isSource(path) || !path.endsWith('.ts')) continue;
    const nodes = [...nodesOf(statementsOf(text))];
    const found = nodes.flatMap((node) =>
      regexOf(node, nodes).map((what) => ({ line: lineAt(text, node.start), what })),
    );
    const kept = found.filter(({ what }) => excused[path] === undefined || /^exponential|^cannot/.test(what));
    findings.push(...kept.map((each) => ({ path, ...each })));
    if (excused[path] !== undefined && kept.length === found.length)
      findings.push({ path, line: 1, what: 'is excused for a regex that it has not' });
  }
  return findings;
}

/** What is wrong with the regex that a node is. */
function regexOf(node: SyntaxNode, nodes: readonly SyntaxNode[]): string[] {
  const literal = node.regex as { pattern: string; flags: string } | undefined;
  if (literal !== undefined) return verdictsOn(literal.pattern, literal.flags);
  if (node.type !== 'NewExpression' || (node.callee as SyntaxNode).name !== 'RegExp') return [];
  const [pattern, flags] = node.arguments as (SyntaxNode | undefined)[];
  const text = pattern && textOf(pattern, nodes);
  if (text === undefined) return ['cannot be looked into: make the pattern of constants'];
  return verdictsOn(text, typeof flags?.value === 'string' ? flags.value : '');
}

function verdictsOn(source: string, flags: string): string[] {
  const { reports } = analyse({ source, flags });
  if (reports.length === 0) return [];
  const kind = reports.some(({ exponential }) => exponential) ? 'exponential' : 'quadratic';
  return [`${kind} time: /${source}/${flags}`];
}

/** The text of a pattern that is put together out of constants of its file, and of the sources of regexes there. */
function textOf(node: SyntaxNode, nodes: readonly SyntaxNode[]): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : regexSource(node);
  if (node.type === 'Identifier') {
    const declared = nodes.filter(
      ({ type, id }) => type === 'VariableDeclarator' && (id as SyntaxNode).name === node.name,
    );
    return declared.length === 1 ? textOf(declared[0].init as SyntaxNode, nodes) : undefined;
  }
  if (node.type === 'MemberExpression' && (node.property as SyntaxNode).name === 'source')
    return textOf(node.object as SyntaxNode, nodes);
  const isRaw = node.type === 'TaggedTemplateExpression' && isStringRaw(node.tag as SyntaxNode);
  const template = isRaw ? (node.quasi as SyntaxNode) : node;
  if (template.type !== 'TemplateLiteral') return undefined;
  const texts = (template.expressions as SyntaxNode[]).map((each) => textOf(each, nodes));
  if (texts.some((text) => text === undefined)) return undefined;
  const quasis = template.quasis as { value: { cooked: string; raw: string } }[];
  return quasis.map(({ value }, i) => (isRaw ? value.raw : value.cooked) + (texts[i] ?? '')).join('');
}

function isStringRaw({ object, property }: SyntaxNode): boolean {
  return (object as SyntaxNode | undefined)?.name === 'String' && (property as SyntaxNode | undefined)?.name === 'raw';
}

function regexSource(node: SyntaxNode): string | undefined {
  return (node.regex as { pattern: string } | undefined)?.pattern;
}
