import { main } from '../../src/cli/main.ts';
import { tempFolder } from '../harness/folders.ts';

type Stream = 'stdout' | 'stderr';

/** What a call tells of a command that has ended. */
interface Said {
  readonly status: number;
  readonly signal: null;
  readonly stdout: string;
  readonly stderr: string;
}

let isRunning = false;

/** Whether a command runs in this process: streams, environment and folder are one command's at a time. */
export function isRunningHere(): boolean {
  return isRunning;
}

/**
 * Runs a command within this process, which has read the sources already: what a process has of its own (streams,
 * environment, folder) is the command's meanwhile, and is as it was afterwards.
 */
export async function runHere(
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<Said> {
  const home = tempFolder('home-');
  const [written, restore] = [{ stdout: '', stderr: '' }, [captured('stdout'), captured('stderr')]];
  const folder = process.cwd();
  const before = { ...process.env };
  isRunning = true;
  try {
    // The variable of the compile cache is what the command sets for its threads.
    const { PATH, NODE_COMPILE_CACHE } = before;
    replaceEnvironment({ PATH, NODE_COMPILE_CACHE, HOME: home, ...options.env });
    process.chdir(options.cwd ?? home);
    const status = await main([...args]);
    return { status, signal: null, ...written };
  } finally {
    process.chdir(folder);
    replaceEnvironment(before);
    for (const put of restore) put();
    isRunning = false;
  }

  function captured(name: Stream): () => void {
    const stream = process[name];
    const { write } = stream;
    const heard = stream.rawListeners('error');
    const keep = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      written[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      const done = rest.at(-1);
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
    stream.write = keep;
    return () => {
      stream.write = write;
      // The command listens to it for as long as its process lives.
      for (const listener of stream.rawListeners('error'))
        if (!heard.includes(listener)) stream.off('error', listener as () => void);
    };
  }
}

/** The real one, which libraries ask as well, and not an object in its place. */
function replaceEnvironment(wanted: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) process.env[name] = value;
}
