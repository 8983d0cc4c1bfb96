import { test } from 'vitest';
import { killWriters } from '../../../test/support/files-kills.ts';

test('a writing process that is killed 50 times loses nothing acknowledged, leaves nothing torn, and has noted all it wrote', () =>
  killWriters(50));
