import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Takes the right to write into folders, until the test ends or what it returns is called. No rights bind root, so as root the test becomes somebody else for a while, who owns what is not forbidden. */
export function forbidWriting(folders: readonly string[], allowed: readonly string[] = []): () => void {
  const isRoot = process.geteuid?.() === 0;
  for (const folder of folders) chmodSync(folder, 0o555);
  for (const folder of allowed) chmodSync(folder, 0o777);
  for (const folder of [...folders, ...allowed])
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isFile()) chmodSync(join(folder, entry.name), 0o444);
  if (isRoot) process.seteuid?.(65_534);
  let isForbidden = true;
  const allow = (): void => {
    if (!isForbidden) return;
    isForbidden = false;
    if (isRoot) process.seteuid?.(0);
    for (const folder of folders) chmodSync(folder, 0o755);
  };
  onTestFinished(allow);
  return allow;
}
