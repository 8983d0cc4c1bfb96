import { describe, test } from 'vitest';
import { storeSuite } from '../../store/suite/suite.ts';
import { memoryDriver } from './memory.ts';

describe('a memory store is a store', () => {
  storeSuite(test, async () => {
    const driver = memoryDriver();
    return { driver: () => driver };
  });
});
