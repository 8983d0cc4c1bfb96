import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject, onTestFinished, TestRunner } from 'vitest';

/** An empty folder, removed when the test ends, or with the run where no test is running (as in `beforeAll`). */
export function tempFolder(name = 'folder-'): string {
  const folder = mkdtempSync(join(inject('tempRoot'), name));
  // As root the server runs as somebody else, who may have to pass through.
  chmodSync(folder, 0o711);
  if (TestRunner.getCurrentTest()) onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
