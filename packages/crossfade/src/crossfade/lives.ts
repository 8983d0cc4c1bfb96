import { randomUUID } from 'node:crypto';
import { hasCode } from '../core/errors.ts';
import { type Awaitable, caught } from '../store/awaitable.ts';
import { Instance, type InstanceOptions } from './instance.ts';

/**
 * The instances of a process, one after the other. One that was out of reach for long may have been counted out; what it
 * was asked for then is asked of another, which registers when nothing of the writes of the first can land any more.
 */
export class Lives {
  private readonly options: Omit<InstanceOptions, 'id'>;
  private instance: Instance | null = null;
  private next: Promise<void> | null = null;
  private isOver = true;

  constructor(options: Omit<InstanceOptions, 'id'>) {
    this.options = options;
  }

  /** Takes part from now on. @throws CrossfadeError as {@link Instance.start} */
  async begin(): Promise<void> {
    await this.start();
    this.isOver = false;
  }

  /** Leaves, when what is under way has ended. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.next?.catch(() => undefined);
    await this.instance?.stop();
  }

  /** Runs a call by the instance of now. @throws CrossfadeError as {@link Instance.read} and {@link Instance.write} */
  during<T>(call: (instance: Instance) => Awaitable<T>): Awaitable<T> {
    const instance = this.instance as Instance;
    return caught(
      () => call(instance),
      async (error) => {
        if (this.isOver || !hasCode(error, 'E_INSTANCE_OVER')) throw error;
        if (this.instance === instance) await this.renewed(instance);
        return this.during(call);
      },
    );
  }

  private renewed(last: Instance): Promise<void> {
    this.next ??= last
      .ended()
      .then(() => this.start())
      .finally(() => (this.next = null));
    return this.next;
  }

  private async start(): Promise<void> {
    const instance = new Instance({ ...this.options, id: randomUUID() });
    await instance.start();
    this.instance = instance;
  }
}
