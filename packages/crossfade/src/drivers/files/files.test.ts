import { describe, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { storeSuite } from '../../store/suite/suite.ts';
import { filesDriver } from './files.ts';

describe('a store of files is a store', () => {
  storeSuite(test, async () => {
    const dir = tempFolder('files-');
    return { driver: () => filesDriver({ dir }) };
  });
});
