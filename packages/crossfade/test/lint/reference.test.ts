import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lintReference, page } from './reference.ts';

test('docs/reference/lint.md is what the rules say; node packages/crossfade/test/lint/reference.ts writes it', async () => {
  expect(readFileSync(page, 'utf8')).toBe(await lintReference());
});
