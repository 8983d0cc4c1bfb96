import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { answer, transferables } from './answering.ts';
import type { Question, WorkerSeed } from './tasks.ts';
import { WorkerSide } from './worker-side.ts';

/** The thread that reads, encodes and compares. Its seed is the first message; then it answers one question at a time. What it can do is in worker-side.ts. */
const port = parentPort;
if (port === null) throw new TypeError('worker.ts runs as a worker thread');
const [seed] = (await once(port, 'message')) as [WorkerSeed];
const side = new WorkerSide(seed);

port.on('message', (question: Question) => {
  void answer(side, seed.read.file.path, question).then((reply) => port.postMessage(reply, transferables(reply)));
});
