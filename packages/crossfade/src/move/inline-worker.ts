import { setImmediate as turn } from 'node:timers/promises';
import { answer, partsOf, transferables } from './answering.ts';
import type { Answer, Question, WorkerSeed } from './tasks.ts';
import { WorkerSide } from './worker-side.ts';

/**
 * Does a thread's work in the thread that asks for it, with the manners of a thread: questions and answers are copied,
 * and other events of the process come in between.
 */
export class InlineWorker {
  private readonly seed: WorkerSeed;
  private readonly onAnswer: (answer: Answer) => void;
  private side: WorkerSide | null = null;
  private isEnded = false;

  constructor(seed: WorkerSeed, onAnswer: (answer: Answer) => void) {
    this.seed = seed;
    this.onAnswer = onAnswer;
  }

  async postMessage(question: Question): Promise<void> {
    const copied = structuredClone(question);
    await turn();
    if (this.isEnded) return;
    const reply = await this.reply(copied);
    if (!this.isEnded) this.onAnswer(structuredClone(reply, { transfer: transferables(reply) }));
  }

  /** What is at work fails for want of its file and its connection, and nobody hears of it. */
  async terminate(): Promise<void> {
    this.isEnded = true;
    await this.side?.end();
  }

  private async reply(question: Question): Promise<Answer> {
    const { path } = this.seed.read.file;
    try {
      this.side ??= new WorkerSide(this.seed);
    } catch (error) {
      return { id: question.id, error: partsOf(error, path, question.name) };
    }
    return answer(this.side, path, question);
  }
}
