import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CrossfadeError } from '../../core/errors.ts';
import { replaceFile, syncFolder } from './disk.ts';

/** Lines are not gathered for less than this. */
const gatheredMin = 1_000;

/** What stands in a log, and where. */
export interface LineLogOptions<T> {
  readonly dir: string;
  /** The file's name in the folder, which is also the kind of log that its first line names. */
  readonly name: string;
  /** What the log has come to, as the shortest list of operations that leads there. */
  readonly state: () => readonly T[];
}

/**
 * Operations in a file that grows: each is on the disk when {@link append} resolves. What is asked for at once goes into
 * one line by one fsync. The file is written anew, by temporary file and rename, when most of it is of no more use, and
 * after a failure, so that no half line is ever followed by another one.
 *
 * Only the last line can be torn, and nobody was told that it is there. Any other line that is no operation is damage.
 */
export class LineLog<T> {
  private readonly options: LineLogOptions<T>;
  /** Null where the next operation has to write the file anew. */
  private file: FileHandle | null = null;
  private lines = 0;
  private linesMax = 0;
  private pending: T[] = [];
  /** The writing that will take what is pending, and the one before it. */
  private next: Promise<void> | null = null;
  private turn: Promise<void> = Promise.resolve();
  private isClosed = false;
  private hasFailed = false;

  constructor(options: LineLogOptions<T>) {
    this.options = options;
  }

  /** The file lacks what was to stand there: the next {@link append} brings all of the state, also with no operation. */
  get isBehind(): boolean {
    return this.hasFailed;
  }

  /** The operations in the file, none where there is no file. It is left as it is. @throws CrossfadeError E_STORE_DAMAGED */
  async read(): Promise<T[]> {
    const { dir, name } = this.options;
    this.isClosed = false;
    this.hasFailed = false;
    const text = await readFile(join(dir, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw this.failed(error);
    });
    if (text === null) return [];
    const [first, ...lines] = text.split('\n');
    if (first !== this.header()) throw this.damaged();
    return lines.flatMap((line, i) => {
      try {
        return JSON.parse(line) as T[];
      } catch {
        if (i === lines.length - 1) return [];
        throw this.damaged();
      }
    });
  }

  /** Resolves when it is on the disk. The state has to have it already. @throws CrossfadeError E_STORE_FAILED, E_STORE_CLOSED */
  async append(...operations: readonly T[]): Promise<void> {
    this.refuseClosed();
    this.pending.push(...operations);
    this.next ??= this.after(() => this.flush());
    return this.next;
  }

  /** Writes the state as a file of its own, or what the state is to be then. @throws CrossfadeError E_STORE_FAILED, E_STORE_CLOSED */
  async rewrite(operations?: readonly T[]): Promise<void> {
    this.refuseClosed();
    return this.after(() => this.writeAnew(operations));
  }

  /** Waits for what is under way, and takes no more until it is read again: the file may be somebody else's then. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.turn.catch(() => undefined);
    await this.letGo();
  }

  private refuseClosed(): void {
    if (!this.isClosed) return;
    const { dir, name } = this.options;
    throw new CrossfadeError(
      'E_STORE_CLOSED',
      `The file ${name} in ${dir} is closed. Nothing was written. Open the store first.`,
      { folder: dir, file: name },
    );
  }

  private async flush(): Promise<void> {
    const line = `${JSON.stringify(this.pending)}\n`;
    this.next = null;
    this.pending = [];
    if (this.file === null || this.lines >= this.linesMax) return this.writeAnew();
    try {
      await this.file.appendFile(line);
      await this.file.datasync();
      this.lines++;
    } catch (error) {
      await this.letGo();
      this.hasFailed = true;
      throw this.failed(error);
    }
  }

  private async writeAnew(operations: readonly T[] = this.options.state()): Promise<void> {
    const { dir, name } = this.options;
    const lines = [this.header(), ...operations.map((operation) => JSON.stringify([operation]))];
    try {
      await this.letGo();
      await replaceFile(dir, name, `${lines.join('\n')}\n`);
      await syncFolder(dir);
      this.file = await open(join(dir, name), 'a');
    } catch (error) {
      this.hasFailed = true;
      throw this.failed(error);
    }
    this.hasFailed = false;
    this.lines = operations.length;
    this.linesMax = 2 * operations.length + gatheredMin;
  }

  private async letGo(): Promise<void> {
    const { file } = this;
    this.file = null;
    await file?.close().catch(() => undefined);
  }

  /** One writing at a time; one that failed is its caller's news. */
  private after(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private header(): string {
    return JSON.stringify({ crossfade: this.options.name, version: 1 });
  }

  private failed(cause: unknown): CrossfadeError {
    const { dir, name } = this.options;
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
    return new CrossfadeError(
      'E_STORE_FAILED',
      `The file ${name} in ${dir} failed (${reason}). What was to stand there does not, and nothing was written. Look at the folder's rights, its space and its disk, and try again.`,
      { folder: dir, file: name, reason },
      { cause },
    );
  }

  private damaged(): CrossfadeError {
    const { dir, name } = this.options;
    return new CrossfadeError(
      'E_STORE_DAMAGED',
      `The file ${name} in ${dir} is not what Crossfade has written. The store was not opened, and nothing was changed. Look at it; where it is moved away, what it kept is lost, and everything has to be verified.`,
      { folder: dir, files: [name] },
    );
  }
}
