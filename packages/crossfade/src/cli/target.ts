import { CrossfadeError } from '../core/errors.ts';
import { resolveTarget } from '../pg/resolve.ts';
import type { Target } from '../pg/target.ts';
import { terminal } from './terminal.ts';

/** The options with which every command names its server. */
export interface TargetOptions {
  readonly to?: string;
  readonly passwordStdin?: boolean;
  readonly quiet?: boolean;
}

/** The server that the command line or the environment names; null when neither does. */
export async function namedTarget(options: TargetOptions): Promise<Target | null> {
  const passwordFromStdin = options.passwordStdin === true ? await readPassword() : undefined;
  return resolveTarget({
    env: process.env,
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(passwordFromStdin === undefined ? {} : { passwordFromStdin }),
  });
}

/**
 * The named server, or else the embedded one, which is made and started when it does not run.
 *
 * @param check throws where the command will fail in any case, so that a mistyped path starts no server
 */
export async function targetOrEmbedded(options: TargetOptions, check?: () => void | Promise<void>): Promise<Target> {
  const named = await namedTarget(options);
  if (named !== null) return named;
  await check?.();
  const { startEmbedded } = await import('../pg/embedded/embedded.ts');
  const embedded = await startEmbedded();
  if (options.quiet !== true)
    terminal.note(
      `No server is named, so the embedded PostgreSQL takes the data: ${embedded.display} (in ${embedded.folder}).`,
    );
  return embedded;
}

async function readPassword(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '')
    throw new CrossfadeError(
      'E_USAGE',
      'No password came on standard input. Nothing was done. Pipe it in, or leave --password-stdin out.',
    );
  return password;
}
