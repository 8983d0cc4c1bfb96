#!/usr/bin/env node
// The command. Published, it runs the compiled dist/; in a checkout it runs src/ as it stands, and brings what is missing first.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const source = new URL('../src/cli/main.ts', import.meta.url);
const isCheckout = existsSync(source);
const bootstrap = isCheckout ? await import('../../../scripts/run.mjs') : undefined;
const [major, minor] = process.versions.node.split('.').map(Number);

if (bootstrap && !bootstrap.isReady()) {
  bootstrap.run(fileURLToPath(import.meta.url), process.argv.slice(2));
} else if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`Crossfade needs Node 22.18 or newer and this is ${process.versions.node}. Nothing was done.\n`);
  process.exitCode = 1;
} else {
  keepQuietAboutSqlite();
  if (bootstrap) cacheCompiled(bootstrap.compileCache);
  const { main } = await import(isCheckout ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
  process.exitCode = await main(process.argv.slice(2));
}

/** Node 22 calls node:sqlite experimental on every start; every other warning is news. */
function keepQuietAboutSqlite() {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning.call(process, warning, ...rest);
  };
}

/** The call serves this thread, the variable the worker threads. */
function cacheCompiled(folder) {
  module.enableCompileCache(folder);
  process.env.NODE_COMPILE_CACHE = folder;
}
