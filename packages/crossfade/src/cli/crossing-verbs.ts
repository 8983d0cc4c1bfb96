import type { Operator, Outcome, Status } from '../control/operator.ts';
import type { Control, Entry } from '../ledger/contract.ts';
import { states } from '../ledger/states.ts';
import type { TargetOptions } from './target.ts';

/** What the command line gives to a verb. */
export interface CrossingFlags extends TargetOptions {
  readonly group?: string;
  readonly wait?: number;
  readonly budget?: number;
  readonly confirm?: string;
  readonly json?: boolean;
}

/** What a verb has to say. */
interface Said {
  readonly json: object;
  readonly text: string;
}

/** One verb of a crossing. */
export interface CrossingVerb {
  readonly does: string;
  /** It takes steps, and so has times. */
  readonly isStep: boolean;
  /** It cannot be taken back. */
  readonly isFinal: boolean;
  readonly run: (operator: Operator) => Promise<Said>;
}

const step = (does: string, run: CrossingVerb['run']): CrossingVerb => ({ does, isStep: true, isFinal: false, run });
const look = (does: string, run: CrossingVerb['run']): CrossingVerb => ({ does, isStep: false, isFinal: false, run });

/** Every verb; a new one is a new entry, and a line in docs/reference/cli.md. */
export const crossingVerbs: Readonly<Record<string, CrossingVerb>> = {
  status: look('say how far a crossing is, and what keeps it from going on; changes nothing', async (operator) => {
    const status = await operator.status();
    return { json: statusJson(status), text: statusText(status) };
  }),
  history: look('list every step that was taken, by whom, and on what evidence', async (operator) => {
    const entries: Entry[] = [];
    for (let after = 0n; ; after = (entries.at(-1) as Entry).number) {
      const page = await operator.history({ after });
      entries.push(...page);
      if (page.length === 0) break;
    }
    return { json: entries, text: entries.map(entryText).join('\n') };
  }),
  advance: step('go on to the next phase, when its gates are open; the cutover is one of them', async (operator) =>
    outcomeSaid(await operator.advance()),
  ),
  retreat: step('go back one phase, where PostgreSQL does not lead yet', async (operator) =>
    controlSaid(await operator.retreat()),
  ),
  abort: step('leave a cutover or rollback for the phase before it', async (operator) =>
    controlSaid(await operator.abort()),
  ),
  rollback: step('give the lead back to the old store, with all that was written meanwhile', async (operator) =>
    outcomeSaid(await operator.rollback()),
  ),
  finish: {
    ...step('end the crossing, and with it the way back', async (operator) => controlSaid(await operator.finish())),
    isFinal: true,
  },
};

function place({ group, state, epoch }: Control): object {
  const { phase, leader } = states[state];
  return { group, phase, state, epoch, leader };
}

function statusJson({ control, instances, keeping, next }: Status): object {
  const { isRollbackReady, verification, frozenLeftMs } = control;
  // Where the copy goes on is a key of a record.
  const { resume: _, ...found } = keeping?.findings ?? { resume: null };
  const told = keeping === null ? null : { ...keeping, findings: keeping.findings === null ? null : found };
  return { ...place(control), isRollbackReady, verification, frozenLeftMs, instances, keeping: told, next };
}

function statusText({ control, instances, keeping, next }: Status): string {
  const { group, state } = control;
  const { phase, leader } = states[state];
  const leads = { source: 'the old store leads', target: 'PostgreSQL leads', nobody: 'nobody leads for the moment' };
  const lines = [`${group}: ${phase} (${state}), ${leads[leader ?? 'nobody']}.`, `Instances: ${instances.length}.`];
  const findings = keeping?.findings ?? null;
  lines.push(
    keeping === null || keeping.leaseLeftMs <= 0
      ? 'Keeper: none. No process keeps the other store in step.'
      : `Keeper: ${keeping.keeper}.`,
  );
  if (findings !== null)
    lines.push(
      `Copied: ${findings.copied} records${findings.isCopied ? ', all of them' : ''}. Owed: ${findings.owed}. In quarantine: ${findings.quarantined}. Incidents: ${findings.incidents}.`,
    );
  if (phase === 'postgres-primary')
    lines.push(control.isRollbackReady ? 'A rollback would lose nothing.' : 'A rollback is not ready.');
  if (next !== null) {
    const closed = next.gates.filter(({ why }) => why !== null);
    lines.push(closed.length === 0 ? `Next: ${next.to}; every gate is open.` : `Next: ${next.to}; not yet:`);
    for (const { gate, why } of closed) lines.push(`  ${gate}: ${why}`);
  }
  return lines.join('\n');
}

function outcomeSaid({ control, pausedMs }: Outcome): Said {
  const pause = pausedMs === null ? '' : ` Nobody led for ${Math.round(pausedMs)} ms.`;
  return { json: { ...place(control), pausedMs }, text: `${controlSaid(control).text}${pause}` };
}

function controlSaid(control: Control): Said {
  return { json: place(control), text: `${control.group}: ${states[control.state].phase} (${control.state}).` };
}

function entryText({ at, actor, did, from, to, facts }: Entry): string {
  const what = did === 'step' ? `${from} to ${to}` : did;
  const told = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  return `${at.toISOString()}  ${what}, by ${actor}${told.length === 0 ? '' : `: ${told.join(', ')}`}`;
}
