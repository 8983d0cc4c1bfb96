import { CrossfadeError } from '../core/errors.ts';
import type { Answer, Question, TaskName, Tasks, WorkerSeed } from './tasks.ts';
import { dismissRest, hire } from './threads.ts';

/** Closing sets a reason of its own before the threads end. */
const ended = new CrossfadeError(
  'E_INTERNAL',
  'A worker thread ended by itself. Nothing was published. Please report this.',
);

const closed = new CrossfadeError(
  'E_INTERRUPTED',
  'The run was interrupted. Nothing was published. The same command continues it.',
);

interface Waiting {
  readonly question: Question;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/** What a pool needs of a thread. */
interface Hired {
  postMessage(question: Question): unknown;
  terminate(): Promise<unknown>;
}

interface Member {
  readonly worker: Hired;
  current: Waiting | null;
}

/** Threads that take questions from one queue. */
export class Pool {
  private readonly members: Member[] = [];
  private readonly queue: Waiting[] = [];
  private nextId = 1;
  private broken: CrossfadeError | null = null;

  private constructor() {}

  /** So many threads; with none, the thread that asks does the work itself. */
  static async of(threads: number, seed: WorkerSeed): Promise<Pool> {
    const pool = new Pool();
    if (threads === 0) await pool.workInline(seed);
    for (let i = 0; i < threads; i++) pool.members.push(pool.hire(seed));
    await dismissRest();
    return pool;
  }

  /** Threads without work: how far a task may be split to keep everybody busy. */
  get idle(): number {
    return Math.max(0, this.members.filter((member) => member.current === null).length - this.queue.length);
  }

  get size(): number {
    return this.members.length;
  }

  /** Asks whichever thread is free first. */
  run<T extends TaskName>(name: T, ask: Tasks[T]['ask']): Promise<Tasks[T]['answer']> {
    return new Promise<Tasks[T]['answer']>((resolve, reject) => {
      if (this.broken !== null) return reject(this.broken);
      this.queue.push({ question: { id: this.nextId++, name, ask }, resolve, reject });
      this.assign();
    });
  }

  /** Asks every thread, once each; none may be at work. */
  async all<T extends TaskName>(name: T, ask: Tasks[T]['ask']): Promise<void> {
    if (this.broken !== null) throw this.broken;
    if (this.members.some((member) => member.current !== null)) throw new TypeError('a thread is at work');
    await Promise.all(
      this.members.map(
        (member) =>
          new Promise<Tasks[T]['answer']>((resolve, reject) =>
            this.give(member, { question: { id: this.nextId++, name, ask }, resolve, reject }),
          ),
      ),
    );
  }

  /** Ends the threads: politely when they have nothing to do, at once when there is a reason, which rejects what is in flight. */
  async close(reason?: CrossfadeError): Promise<void> {
    const isIdle = this.broken === null && this.members.every((member) => member.current === null);
    if (reason === undefined && isIdle) await this.all('bye', null).catch(() => undefined);
    this.breakDown(reason ?? closed);
    await Promise.all(this.members.map((member) => member.worker.terminate()));
  }

  /** Read when it is needed: what a thread imports is much, and a move with threads does not run it here. */
  private async workInline(seed: WorkerSeed): Promise<void> {
    const { InlineWorker } = await import('./inline-worker.ts');
    const inline = new InlineWorker(seed, (answer) => this.settle(member, answer));
    const member: Member = {
      worker: {
        postMessage: (question) => void inline.postMessage(question).catch(() => this.breakDown(ended)),
        terminate: () => inline.terminate(),
      },
      current: null,
    };
    this.members.push(member);
  }

  private hire(seed: WorkerSeed): Member {
    const worker = hire();
    worker.postMessage(seed);
    const member: Member = { worker, current: null };
    worker.on('message', (answer: Answer) => this.settle(member, answer));
    worker.on('exit', () => this.breakDown(ended));
    worker.on('messageerror', () => this.breakDown(ended));
    worker.on('error', (error: Error) =>
      this.breakDown(
        new CrossfadeError(
          'E_INTERNAL',
          `A worker thread failed (${error.name}). Nothing was published. Please report this.`,
          { name: error.name },
          { cause: error },
        ),
      ),
    );
    return member;
  }

  private assign(): void {
    for (const member of this.members) {
      if (member.current !== null) continue;
      const next = this.queue.shift();
      if (next === undefined) return;
      this.give(member, next);
    }
  }

  private give(member: Member, waiting: Waiting): void {
    member.current = waiting;
    member.worker.postMessage(waiting.question);
  }

  private settle(member: Member, answer: Answer): void {
    const { current } = member;
    if (current === null || current.question.id !== answer.id) return;
    member.current = null;
    this.assign();
    if ('error' in answer)
      current.reject(new CrossfadeError(answer.error.code, answer.error.message, answer.error.facts));
    else current.resolve(answer.answer as never);
  }

  private breakDown(reason: CrossfadeError): void {
    this.broken ??= reason;
    const waiting = [...this.queue, ...this.members.flatMap((member) => member.current ?? [])];
    this.queue.length = 0;
    for (const member of this.members) member.current = null;
    for (const { reject } of waiting) reject(this.broken);
  }
}
