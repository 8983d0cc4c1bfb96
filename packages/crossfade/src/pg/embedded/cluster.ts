import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Target } from '../target.ts';
import { prepareRuntime } from './binaries.ts';
import { CrossfadeError } from '../../core/errors.ts';
import { initialise } from './initdb.ts';
import { builtinLocale, loopbackTarget, serverPlace } from './place.ts';
import { freePort } from './port.ts';
import { startServer } from './server.ts';

/** What a throwaway cluster is made of. */
export interface ClusterOptions {
  /** Holds everything: data, log, programs. Removing it after `stop` removes the cluster. */
  readonly folder: string;
  /** Where another PostgreSQL's `postgres` and `initdb` lie. Default: the embedded one. */
  readonly bin?: string;
  /** initdb's arguments for the locale; PostgreSQL before 17 needs `libcLocale`. */
  readonly locale?: readonly string[];
  /** Lines of `postgresql.conf`, over the embedded server's own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the cluster that lies in the folder already, whose settings stand in its file. Default: a new cluster with a new one. */
  readonly password?: string;
}

/** A server that is a direct child of this process, as tests need it: it can be killed, and its death can be waited for. */
export interface Cluster {
  readonly target: Target;
  readonly folder: string;
  readonly data: string;
  /** Where its programs lie. */
  readonly bin: string;
  /** Of the server that runs now; undefined while none does. */
  readonly pid: number | undefined;
  /** Starts it again, on the same port, after `stop` or `kill`. */
  start(): Promise<void>;
  /** Fast shutdown. Resolves at once where it does not run. */
  stop(): Promise<void>;
  /** Ends the postmaster without warning; `SIGQUIT` is PostgreSQL's immediate shutdown. */
  kill(signal?: 'SIGKILL' | 'SIGQUIT'): Promise<void>;
}

/** Initialises a cluster in the folder, unless there is one, and starts it on a free port. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const place = serverPlace(
    options.folder,
    (folder) => options.bin ?? prepareRuntime(folder).bin,
    options.locale ?? builtinLocale,
  );
  const { password = randomBytes(18).toString('base64url') } = options;
  await initialise(place, { password, settings: options.settings ?? {}, sync: false });
  const started = await startOnFreePort(place);
  const { port } = started;
  let { child } = started;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!runs(child)) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  return {
    target: loopbackTarget(port, password),
    folder: place.folder,
    data: place.data,
    bin: place.bin,
    get pid() {
      return runs(child) ? child.pid : undefined;
    },
    async start() {
      if (!runs(child)) ({ child } = await startServer(place, port, { detached: false }));
    },
    stop: () => end('SIGINT'),
    kill: (signal = 'SIGKILL') => end(signal),
  };
}

type Place = Parameters<typeof startServer>[0];

/** Between the choice of a port and its use somebody else may take it; a throwaway cluster simply takes another. */
async function startOnFreePort(place: Place): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { ...(await startServer(place, port, { detached: false })), port };
    } catch (error) {
      const taken = error instanceof CrossfadeError && error.message.includes('Address already in use');
      if (!taken || attempt === 5) throw error;
    }
  }
}

function runs(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
