import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one run of a command took. */
export interface Measured {
  readonly seconds: number;
  /** Summed over the process and all its descendants, each at its own peak. */
  readonly peakMb: number;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command and samples the peak memory of its process tree. Threads share their process's memory, so they are counted. */
export async function measured(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Measured> {
  const start = process.hrtime.bigint();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const peaks = new Map<number, number>();
  const sample = () => {
    if (child.pid !== undefined)
      for (const pid of tree(child.pid)) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakKb(pid)));
  };
  const timer = setInterval(sample, 20);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearInterval(timer);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const peakMb = [...peaks.values()].reduce((sum, kb) => sum + kb, 0) / 1024;
  return { seconds, peakMb, status, stdout: stdout(), stderr: stderr() };
}

/** The first line that a program says about its version, or null where it is not installed. */
export function versionOf(command: string): string | null {
  const { status, stdout, stderr } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 ? ((stdout || stderr).split('\n')[0] ?? '').trim() : null;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

function tree(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(tree)];
}

function peakKb(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** A process may have ended between being listed and being read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
