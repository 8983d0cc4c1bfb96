import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Quick ones first. Each prints what is wrong and how to see it right. */
const checks: { name: string; command: string[] }[] = [
  { name: 'format (npm run format mends it)', command: ['@biomejs/biome/bin/biome', 'format'] },
  { name: 'lint', command: ['oxlint/bin/oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', command: ['typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'architecture and tidiness', command: ['vitest/vitest.mjs', 'run', '--config', 'vitest.check.config.ts'] },
];

const failed = checks.filter(({ name, command: [tool, ...args] }) => {
  console.log(`\n${name}`);
  return (
    spawnSync(process.execPath, [`${root}node_modules/${tool}`, ...args], { cwd: root, stdio: 'inherit' }).status !== 0
  );
});

console.log(
  `\n${checks.length - failed.length} of ${checks.length} checks passed${failed.map(({ name }) => `\n  failed: ${name}`).join('')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
