import { expect } from 'vitest';
import type { Report } from '../../src/move/report.ts';
import type { Target } from '../../src/pg/target.ts';
import type { TestDatabase } from '../harness/postgres.ts';
import { type Ended, runCli, serverEnv, startCli } from './cli.ts';
import { type Call, type Fate, faultProxy } from './fault-proxy.ts';

/** The report that `--json` printed. Throws when anything else stands on stdout. */
export function reportOf(ended: Ended): Report {
  return JSON.parse(ended.stdout) as Report;
}

/** `crossfade move` with the report as JSON. */
export function moveJson(source: string, target: Target, ...more: readonly string[]): Promise<Ended> {
  return runCli(['move', source, '--json', ...more], { env: serverEnv(target) });
}

/** What a failure has to say, on one line: its code, then sentences, and nothing from inside. */
export function expectOneMessage(ended: Ended, code: string, status: number): string {
  const lines = ended.stderr.trimEnd().split('\n');
  const message = lines.find((line) => line.startsWith('E_')) ?? '';
  expect({
    status: ended.status,
    code: message.split(':')[0],
    lines: lines.filter((line) => /^E_|^\s+at /.test(line)),
  }).toEqual({ status, code, lines: [message] });
  expect(message).toMatch(/^E_[A-Z_]+: .+\. .+/);
  expect(ended.stderr).not.toMatch(/node:internal|\.ts:\d|Error:/);
  return message;
}

/** The kill of a command at its n-th call. Before: the server never hears of the call. After: it does it, and nobody is told. */
export type When = 'before' | 'after';

/** One run of the command that is killed at its n-th call, or at the first whose text fits, unless it ends earlier. */
export async function moveKilledAt(
  at: number | RegExp,
  when: When,
  args: readonly string[],
  database: TestDatabase,
): Promise<Ended & { calls: number }> {
  let kill = (): void => undefined;
  const isAt = ({ number, text }: Call): boolean => (typeof at === 'number' ? number === at : at.test(text));
  const onCall = (call: Call): Fate => {
    if (!isAt(call)) return 'forward';
    if (when === 'after') return 'drop reply';
    kill();
    return 'swallow';
  };
  const proxy = await faultProxy(database, { onCall, onReplyDropped: () => kill() });
  const running = startCli(args, { env: serverEnv({ ...database, ...proxy }) });
  kill = () => running.kill('SIGKILL');
  return { ...(await running.ended), calls: proxy.calls() };
}
