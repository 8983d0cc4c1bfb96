/** Calls of one name, one after the other; calls of different names do not wait for each other. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  async take<T>(name: string, call: () => Promise<T>): Promise<T> {
    const before = this.last.get(name);
    const own = before === undefined ? call() : before.then(call, call);
    this.last.set(name, own);
    try {
      return await own;
    } finally {
      if (this.last.get(name) === own) this.last.delete(name);
    }
  }
}
