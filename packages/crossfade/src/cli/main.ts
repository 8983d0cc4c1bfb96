import { readFileSync } from 'node:fs';

/** Runs the command line and resolves to the exit status of the process. */
export async function main(argv: string[]): Promise<number> {
  if (argv[0] === '--version') {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
    return 0;
  }
  process.stderr.write('Only --version exists so far.\n');
  return 2;
}
