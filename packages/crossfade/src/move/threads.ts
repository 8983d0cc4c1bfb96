import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { limits } from '../core/limits.ts';

/** Files below this are read in less time than a thread takes to start. */
export const noThreadBytes = 2 * 1024 * 1024;

/** Node 22 warns of node:sqlite in every thread. */
const quiet = ['--disable-warning=ExperimentalWarning'];

/** Threads that were started before anybody had work for them. */
const ready: Worker[] = [];

/** The machine's cores, but no more than the memory that a move may take is enough for. */
export function defaultJobs(cores = availableParallelism()): number {
  return Math.min(cores, limits.jobsDefaultMax);
}

/**
 * Starts the threads of a move while the rest of the command is still being read, which takes about as long. Whether a
 * file stands there, and is worth threads, decides the time alone: `hire` makes what is not ready.
 */
export function startAhead(path: string): void {
  if (bytesOf(path) < noThreadBytes) return;
  for (let i = 0; i < defaultJobs(); i++) {
    const worker = start();
    // One that ends before it is hired is none; what ended it shows again in the one that is made instead.
    for (const event of ['error', 'exit']) worker.once(event, () => forget(worker));
    worker.unref();
    ready.push(worker);
  }
}

/** A thread of worker.ts, which waits for its seed. */
export function hire(): Worker {
  const worker = ready.shift();
  if (worker === undefined) return start();
  worker.removeAllListeners();
  worker.ref();
  return worker;
}

/** Ends the threads for which there was no work after all. */
export async function dismissRest(): Promise<void> {
  await Promise.all(ready.splice(0).map((worker) => worker.terminate()));
}

/** 0 for what cannot be looked at, be it no file at all: whoever opens it tells why. */
function bytesOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

function start(): Worker {
  // The published package is compiled: the worker has this file's own ending.
  const url = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
  // Pages lie outside the heap and are freed by its collections: a small young generation makes these frequent.
  return new Worker(url, { execArgv: quiet, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
}

function forget(worker: Worker): void {
  const at = ready.indexOf(worker);
  if (at >= 0) ready.splice(at, 1);
}
