import { type Finding, isSource, lineAt, nodesOf, type SyntaxNode, statementsOf, type Tree } from './sources.ts';

/** Calls that take text for SQL, and which argument it is. Most of the product calls `query`, which takes the tag alone. */
const sinks: Readonly<Record<string, number>> = { '.exec': 0, '.prepare': 0, '.query': 0, query: 1, trusted: 0 };

/** Fragments that are safe although the rule cannot see it: what stands in the template, by file, with the reason. */
export const fragments: Readonly<Record<string, { readonly parts: readonly string[]; readonly why: string }>> = {
  'packages/crossfade/src/drivers/sqlite/broken.ts': {
    parts: ['select'],
    why: 'made in the same file, of quoted names',
  },
  'packages/crossfade/src/drivers/sqlite/measure.ts': { parts: ['counted'], why: 'one of two, written above it' },
  'packages/crossfade/src/drivers/sqlite/reader.ts': {
    parts: ['this.from', 'this.largeTest', 'where'],
    why: 'the locator has quoted them',
  },
  'packages/crossfade/src/drivers/sqlite/store/capture.ts': { parts: ['table'], why: 'one of two, named in the loop' },
  'packages/crossfade/src/migrate/drift/catalog-code.ts': { parts: ['column', 'clause'], why: 'written in the calls' },
  'packages/crossfade/src/migrate/drift/catalog-tables.ts': {
    parts: ['options', 'column'],
    why: 'written in the calls',
  },
  'packages/crossfade/src/migrate/drift/own.ts': { parts: ['alias', 'prefix'], why: 'written in the calls' },
  'packages/crossfade/src/migrate/expand/backfill.ts': {
    parts: ['expression', 'where'],
    why: 'the caller gives SQL to be run, and the reference says so',
  },
  'packages/crossfade/src/staging/check.ts': { parts: ['value'], why: 'one of two placeholders' },
};

/**
 * SQL that is put together out of strings. The tag makes a parameter of a value, and a quoter makes text a name or a
 * literal; beside them a statement may hold what is written in the code, and never a bare parameter or property, which
 * may hold what somebody else has written.
 */
export function sqlFindings(tree: Tree, excused = fragments): Finding[] {
  const loose = looseParts(tree);
  const findings = loose
    .filter(({ path, part }) => !excused[path]?.parts.includes(part))
    .map(({ path, line, part }) => ({ path, line, what: `puts ${part} into SQL: use the sql tag, or a quoter` }));
  const stale = Object.entries(excused).flatMap(([path, { parts }]) =>
    parts
      .filter((part) => tree.has(path) && !loose.some((each) => each.path === path && each.part === part))
      .map((part) => ({ path, line: 1, what: `is excused for ${part} in SQL and has it not` })),
  );
  return [...findings, ...stale];
}

function looseParts(tree: Tree): { path: string; line: number; part: string }[] {
  const found: { path: string; line: number; part: string }[] = [];
  for (const [path, text] of tree) {
    if (!isSource(path) || !path.endsWith('.ts')) continue;
    const nodes = [...nodesOf(statementsOf(text))];
    const known = constantsOf(nodes);
    const loose = new Set(nodes.flatMap((node) => sqlOf(node)).flatMap((part) => looseIn(part, known)));
    for (const { start, end } of loose) found.push({ path, line: lineAt(text, start), part: text.slice(start, end) });
  }
  return found;
}

/** What a name stands for, wherever in the file: all its constants, and parameters that are one of a few words. */
type Constants = ReadonlyMap<unknown, readonly SyntaxNode[]>;

function constantsOf(nodes: readonly SyntaxNode[]): Constants {
  const constants = new Map<unknown, SyntaxNode[]>();
  const note = (name: unknown, value: unknown): void => {
    if (value) constants.set(name, [...(constants.get(name) ?? []), value as SyntaxNode]);
  };
  for (const node of nodes) {
    if (node.type === 'VariableDeclarator') note((node.id as SyntaxNode).name, node.init);
    if (node.type === 'ForOfStatement') {
      const [declared] = (node.left as { declarations?: { id: SyntaxNode }[] }).declarations ?? [];
      const { type, elements } = node.right as SyntaxNode;
      if (type === 'ArrayExpression') for (const each of elements as unknown[]) note(declared?.id.name, each);
    }
    const typed = (node.typeAnnotation as { typeAnnotation?: SyntaxNode } | null | undefined)?.typeAnnotation;
    if (node.type === 'Identifier' && typed?.type === 'TSUnionType')
      for (const each of typed.types as { literal?: unknown }[]) note(node.name, each.literal ?? each);
  }
  return constants;
}

/** Of two functions of a file each may have a constant that is named after one of the other's. */
function without(known: Constants, name: unknown): Constants {
  return new Map([...known].filter(([each]) => each !== name));
}

/** Of a call, the argument that becomes SQL. */
function sqlOf({ type, callee, arguments: given }: SyntaxNode): SyntaxNode[] {
  if (type !== 'CallExpression') return [];
  const { type: how, property, name } = callee as SyntaxNode;
  const called = how === 'MemberExpression' ? `.${(property as SyntaxNode).name as string}` : String(name);
  const argument = (given as SyntaxNode[])[sinks[called] ?? Number.POSITIVE_INFINITY];
  return argument === undefined ? [] : [argument];
}

/** The parts of an expression that could hold anything, where it is a string that is put together. */
function looseIn(part: SyntaxNode, known: Constants): SyntaxNode[] {
  const within = (parts: unknown): SyntaxNode[] => (parts as SyntaxNode[]).flatMap((each) => unproven(each, known));
  switch (part.type) {
    case 'TemplateLiteral':
      return within(part.expressions);
    case 'BinaryExpression':
      return within([part.left, part.right]);
    case 'ConditionalExpression':
      return [part.consequent, part.alternate].flatMap((each) => looseIn(each as SyntaxNode, known));
    case 'Identifier':
      return (known.get(part.name) ?? []).flatMap((each) => looseIn(each, without(known, part.name)));
    case 'ObjectExpression':
      return (part.properties as { key?: SyntaxNode; value?: SyntaxNode }[]).flatMap(({ key, value }) =>
        key?.name === 'text' && value ? looseIn(value, known) : [],
      );
    default:
      return [];
  }
}

/** A part of a statement, or what of it is neither written in the code nor the outcome of a function. */
function unproven(part: SyntaxNode, known: Constants): SyntaxNode[] {
  if (part.type === 'Literal') return [];
  // A quoter, or a function that builds a fragment: a rule of its own where it calls one of the sinks.
  if (part.type === 'CallExpression' && !isPlainText(part)) return [];
  if (part.type === 'MemberExpression' && (part.object as SyntaxNode).name === 'limits') return [];
  if (part.type === 'Identifier') {
    const values = known.get(part.name) ?? [];
    const isProven = values.every((each) => unproven(each, without(known, part.name)).length === 0);
    return values.length > 0 && isProven ? [] : [part];
  }
  return /^(TemplateLiteral|BinaryExpression|ConditionalExpression)$/.test(part.type) ? looseIn(part, known) : [part];
}

/** `String(x)`, `x.trim()` and their like make text of anything; lists are joined out of fragments. */
function isPlainText({ callee }: SyntaxNode): boolean {
  const { type, name, property } = callee as SyntaxNode;
  if (type !== 'MemberExpression') return name === 'String';
  return (property as SyntaxNode).name !== 'join';
}
