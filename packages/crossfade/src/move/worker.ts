import { parentPort, workerData } from 'node:worker_threads';
import { CrossfadeError } from '../core/errors.ts';
import { sqliteFailure } from '../drivers/sqlite/failure.ts';
import { failure } from '../pg/failure.ts';
import type { Answer, Question, TaskName, Tasks, WorkerSeed } from './tasks.ts';
import { WorkerSide } from './worker-side.ts';

/** The thread that reads, encodes and compares. It answers one question at a time; what it can do is in worker-side.ts. */
const port = parentPort;
if (port === null) throw new TypeError('worker.ts runs as a worker thread');
const seed = workerData as WorkerSeed;
const side = new WorkerSide(seed);

port.on('message', (question: Question) => {
  void answer(question).then((reply) => port.postMessage(reply, transferables(reply)));
});

async function answer<T extends TaskName>({ id, name, ask }: Question<T>): Promise<Answer> {
  try {
    const run = side.tasks[name] as (ask: Tasks[T]['ask']) => Promise<Tasks[T]['answer']>;
    return { id, answer: await run(ask) };
  } catch (error) {
    const { code, message, facts } = translate(error, doing[name]);
    return { id, error: { code, message, facts } };
  }
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
  sumSource: 'read rows of the source again',
  sumTarget: 'read rows back',
  collectSource: 'look for the rows that differ',
  collectTarget: 'look for the rows that differ',
};

function translate(error: unknown, what: string): CrossfadeError {
  if (error instanceof CrossfadeError) return error;
  if (typeof error === 'object' && error !== null && 'errcode' in error)
    return sqliteFailure(error, seed.read.file.path);
  return failure(error, what);
}

/** The sums of verification are large and not needed here any more. */
function transferables(reply: Answer): ArrayBuffer[] {
  const sums = 'answer' in reply ? (reply.answer as { words?: Int32Array<ArrayBuffer> } | null)?.words : undefined;
  return sums === undefined ? [] : [sums.buffer];
}
