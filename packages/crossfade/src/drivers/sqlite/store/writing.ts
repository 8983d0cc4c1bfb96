import { storeFailure } from './failure.ts';
import type { OpenFile } from './open.ts';

/** Runs a step on the open file as one write transaction, with the errors of a store. */
export async function writing<T>(opened: () => OpenFile, step: (file: OpenFile) => T): Promise<T> {
  const file = opened();
  try {
    return await file.connection.write(() => step(file));
  } catch (error) {
    throw storeFailure(error, file.connection.path, 'Nothing was written.');
  }
}
