/**
 * What is shared runs side by side; what is exclusive runs alone, in the order in which all of it came. So a read of files
 * never meets a document whose attachments are just being replaced, and an index in memory is always that of the files.
 */
export class Gate {
  private written: Promise<unknown> = Promise.resolve();
  private readonly reads = new Set<Promise<unknown>>();

  shared<T>(work: () => Promise<T>): Promise<T> {
    const reading = this.written.then(work);
    this.reads.add(reading);
    const forget = (): void => void this.reads.delete(reading);
    reading.then(forget, forget);
    return reading;
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const writing = Promise.allSettled([this.written, ...this.reads]).then(work);
    this.written = writing.catch(() => undefined);
    return writing;
  }
}
