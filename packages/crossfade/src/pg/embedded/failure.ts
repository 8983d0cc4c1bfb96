import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CrossfadeError, type Facts } from '../../core/errors.ts';

const tailBytes = 8 * 1024;
const reasonLinesMax = 4;

/** Every failure of the embedded server has this one shape: what happened, what was not done, and the server's own reason where it gave one. */
export function embeddedFailure(message: string, facts: Facts = {}, cause?: unknown): CrossfadeError {
  return new CrossfadeError('E_POSTGRES_EMBEDDED', message, facts, cause === undefined ? {} : { cause });
}

/** The lines of a log that say why a server or initdb gave up: those up to the last fatal one. Empty for a log that cannot be read. */
export function logReason(logFile: string): string {
  return reasonOf(readTail(logFile));
}

/** As `logReason`, for output that was captured rather than logged. */
export function reasonOf(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => /\b(FATAL|PANIC|error):/.test(line));
  // The fatal line often says only that it gave up; the ones before it say why.
  const end = last < 0 ? lines.length : last + 1;
  return lines
    .slice(Math.max(0, end - reasonLinesMax), end)
    .map(withoutPrefix)
    .join('; ');
}

/** The time and the process id in front of a line help nobody who reads one sentence. */
function withoutPrefix(line: string): string {
  return line.replace(/^.*?\b(?=(FATAL|PANIC|LOG|HINT|DETAIL|WARNING):)/, '').trim();
}

function readTail(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const size = fstatSync(descriptor).size;
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}
