/** What is known at once or later. */
export type Awaitable<T> = T | Promise<T>;

/** Also one of another library or realm. No value of a record is a function. */
export function isPromise<T>(answer: Awaitable<T>): answer is Promise<T> {
  return typeof (answer as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

/** Hands what a call throws, at once or later, to whoever knows better: his answer counts instead, or what he throws. */
export function caught<T>(call: () => Awaitable<T>, handle: (error: unknown) => Awaitable<T>): Awaitable<T> {
  let answer: Awaitable<T>;
  try {
    answer = call();
  } catch (error) {
    return handle(error);
  }
  return isPromise(answer) ? answer.catch(handle) : answer;
}
