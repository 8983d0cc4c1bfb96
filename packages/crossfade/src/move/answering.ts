import { CrossfadeError } from '../core/errors.ts';
import { sqliteFailure } from '../drivers/sqlite/failure.ts';
import { failure } from '../pg/failure.ts';
import type { Answer, Question, TaskName, Tasks } from './tasks.ts';
import type { WorkerSide } from './worker-side.ts';

/** Answers a question, whatever comes of it: it never rejects. */
export async function answer<T extends TaskName>(
  side: WorkerSide,
  path: string,
  { id, name, ask }: Question<T>,
): Promise<Answer> {
  try {
    const run = side.tasks[name] as (ask: Tasks[T]['ask']) => Promise<Tasks[T]['answer']>;
    return { id, answer: await run(ask) };
  } catch (error) {
    return { id, error: partsOf(error, path, name) };
  }
}

/** An error as the parts that cross threads. */
export function partsOf(
  error: unknown,
  path: string,
  name: TaskName,
): Pick<CrossfadeError, 'code' | 'message' | 'facts'> {
  const { code, message, facts } = translate(error, path, doing[name]);
  return { code, message, facts };
}

/** What a thread could not do, in the words of its message. */
const doing: Readonly<Record<TaskName, string>> = {
  begin: 'begin to read the source',
  end: 'stop reading the source',
  bye: 'leave the server',
  check: 'check the source',
  measure: 'count the rows of a table',
  profile: 'look at the values of a table',
  strides: 'look at the keys of a table',
  load: 'load rows',
  tryRow: 'try the widest row of a table',
  sumSource: 'read rows of the source again',
  sumTarget: 'read rows back',
  collectSource: 'look for the rows that differ',
  collectTarget: 'look for the rows that differ',
};

function translate(error: unknown, path: string, what: string): CrossfadeError {
  if (error instanceof CrossfadeError) return error;
  if (typeof error === 'object' && error !== null && 'errcode' in error) return sqliteFailure(error, path);
  return failure(error, what);
}

/** The sums of verification are large and not needed here any more. */
export function transferables(reply: Answer): ArrayBuffer[] {
  const sums = 'answer' in reply ? (reply.answer as { words?: Int32Array<ArrayBuffer> } | null)?.words : undefined;
  return sums === undefined ? [] : [sums.buffer];
}
