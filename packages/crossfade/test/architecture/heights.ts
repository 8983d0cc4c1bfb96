import { type Finding, importsOf, isTest, type Tree } from './sources.ts';

const src = 'packages/crossfade/src/';

/** A file imports from its own folder or from a lower one. ARCHITECTURE.md explains the order. */
export const heights: Readonly<Record<string, number>> = {
  core: 1,
  schema: 2,
  pg: 3,
  store: 3,
  copy: 4,
  drivers: 5,
  migrate: 5,
  ledger: 6,
  sync: 6,
  crossfade: 7,
  keep: 8,
  control: 9,
  verify: 7,
  staging: 7,
  move: 8,
  export: 8,
  cli: 10,
  'index.ts': 11,
};

/** Over and above the heights: proof is worth something only while it shares nothing with what it proves. */
const separations = [
  { from: 'verify/', to: 'copy/' },
  { from: 'verify/', to: 'schema/values/' },
];

/** Imports that go up, sideways, from driver to driver, from verification into copying, or into tests. */
export function heightFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    if (!path.startsWith(src) || !path.endsWith('.ts') || isTest(path)) continue;
    if (heights[roomOf(path)] === undefined)
      findings.push({ path, line: 1, what: `the folder ${roomOf(path)} has no height` });
    for (const { target, line } of importsOf(path, text)) {
      const what = target === undefined ? undefined : objection(path, target);
      if (what !== undefined) findings.push({ path, line, what });
    }
  }
  return findings;
}

function objection(from: string, to: string): string | undefined {
  if (to === 'packages/crossfade/package.json') return undefined;
  if (!to.startsWith(src) || isTest(to)) return `imports ${to}, which is no source of the product`;
  const parted = separations.find((each) => from.startsWith(src + each.from) && to.startsWith(src + each.to));
  if (parted) return `${parted.from} may not import ${parted.to}: verification shares no code with copying`;
  const [own, other] = [roomOf(from), roomOf(to)];
  if (own === 'drivers' && other === 'drivers' && driverOf(from) !== driverOf(to))
    return `the driver ${driverOf(from)} imports the driver ${driverOf(to)}`;
  if (own === other) return undefined;
  const [low, high] = [heights[other] ?? Infinity, heights[own] ?? 0];
  return low < high ? undefined : `${own} (height ${high}) imports ${other} (height ${low}): arrows point down`;
}

/** The folder below src, or the file that lies in src itself. */
function roomOf(path: string): string {
  return path.slice(src.length).split('/')[0] ?? '';
}

function driverOf(path: string): string {
  return path.slice(src.length).split('/')[1] ?? '';
}

/** Circles of imports, types included: each is named once, at its first file. */
export function cycleFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      const circle = [...trail.slice(trail.indexOf(path)), path];
      findings.push({ path, line: 1, what: `imports itself: ${circle.join(' > ')}` });
    }
    const text = tree.get(path);
    if (done.has(path) || text === undefined) return;
    done.add(path);
    for (const { target } of importsOf(path, text)) if (target !== undefined) visit(target, [...trail, path]);
  };
  for (const path of tree.keys()) if (/^packages\/.*\.ts$/.test(path)) visit(path, []);
  return findings;
}

/** Packages that are imported without being declared where they would be installed from. */
export function dependencyFindings(tree: Tree): Finding[] {
  const declared = (file: string): string[] => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(tree.get(file) ?? '{}') as Record<
      string,
      Record<string, string>
    >;
    return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  };
  const published = new Set(declared('packages/crossfade/package.json'));
  const everywhere = new Set([...published, ...declared('package.json')]);
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    if (!/^packages\/crossfade\/.*\.ts$/.test(path)) continue;
    for (const { specifier, target, line } of importsOf(path, text)) {
      if (target !== undefined || specifier.startsWith('node:')) continue;
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      if (!(isTest(path) ? everywhere : published).has(name))
        findings.push({ path, line, what: `imports ${name}, which no package.json declares for it` });
    }
  }
  return findings;
}
