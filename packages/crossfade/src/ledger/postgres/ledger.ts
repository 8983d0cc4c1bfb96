import { randomUUID } from 'node:crypto';
import type { Pool } from '../../drivers/postgres/pool.ts';
import type { Answer } from '../../drivers/postgres/statement.ts';
import {
  checkActor,
  checkKeeper,
  checkNote,
  checkPage,
  checkRegistration,
  checkRenewal,
  checkStep,
  checkText,
} from '../arguments.ts';
import type {
  Actor,
  Control,
  Entry,
  Instance,
  Kept,
  Ledger,
  Members,
  Note,
  Registration,
  Renewal,
  Stepped,
  StepRequest,
} from '../contract.ts';
import type { KeepRequest } from '../keeping.ts';
import {
  frozen,
  groupMissing,
  mappingDiffers,
  noRollback,
  otherStep,
  over,
  refuseForeign,
  stillLive,
  taken,
} from '../refusals.ts';
import { stateNames, states } from '../states.ts';
import { hasRollback, objection } from '../steps.ts';
import { type Ask, Calls } from './calls.ts';
import { controlOf, entryOf, findingsOf, findingsText, instanceOf, keepingCount, keepingOf } from './rows.ts';
import { statements } from './statements.ts';
import { stepValues } from './step-values.ts';

/** The control ledger in PostgreSQL, in tables that {@link openLedger} has made. */
export class PostgresLedger implements Ledger {
  private readonly pool: Pool;
  private readonly calls: Calls;

  constructor(pool: Pool, lockWaitMs?: number) {
    this.pool = pool;
    this.calls = new Calls(pool, lockWaitMs);
  }

  async begin(group: string, mappingHash: string, by: Actor): Promise<Control> {
    checkText('A group', group);
    checkText('The hash of a mapping', mappingHash);
    checkActor(by);
    const there = await this.control(group);
    if (there?.mappingHash === mappingHash) return there;
    if (there !== null && there.state !== 'legacy') throw mappingDiffers(there);
    return this.calls.all(async (ask) => {
      await ask(statements.lock, [group]);
      const values = [group, mappingHash, by.actor, by.commit];
      await ask(statements.begin, values);
      await ask(statements.map, values);
      const control = await row(ask, group);
      if (control.mappingHash !== mappingHash) throw mappingDiffers(control);
      return control;
    });
  }

  async control(group: string): Promise<Control | null> {
    checkText('A group', group);
    const { rows } = await this.calls.one('read', statements.control, [group]);
    return rows[0] === undefined ? null : controlOf(rows[0]).control;
  }

  async groups(): Promise<readonly Control[]> {
    const { rows } = await this.calls.one('read', statements.groups, []);
    return rows.map((each) => controlOf(each).control);
  }

  async step(group: string, request: StepRequest): Promise<Stepped> {
    checkStep(group, request);
    const id = request.id ?? randomUUID();
    return this.calls.all(async (ask) => {
      await ask(statements.lock, [group]);
      const { from, to } = request;
      const values = [group, id, String(from.epoch), from.state, to];
      const { control, rest } = first(await ask(statements.beforeStep, values), group);
      const [isSame, hasForeign] = rest;
      if (isSame === 'f') throw otherStep(id);
      if (isSame === 't') return { outcome: 'done', control };
      const outcome = objection(control, request, hasForeign === 't');
      if (outcome !== null) return { outcome, control };
      const { count } = await ask(statements.step, stepValues(group, id, request));
      const after = await row(ask, group);
      if (count === 1) return { outcome: 'done', control: after };
      // The time of the freeze may have ended since the row was read.
      return { outcome: objection(after, request, false) ?? 'lost', control: after };
    });
  }

  async note(group: string, note: Note): Promise<{ outcome: 'done' | 'lost'; control: Control }> {
    checkNote(group, note);
    const { epoch, isVerified = false, isRollbackReady } = note;
    const ready = isRollbackReady === undefined ? null : String(isRollbackReady);
    return this.calls.all(async (ask) => {
      await ask(statements.lock, [group]);
      const allowed = stateNames.filter(hasRollback);
      const { count } = await ask(statements.note, [group, String(epoch), String(isVerified), ready, allowed]);
      const control = await row(ask, group);
      if (count === 0 && control.epoch === epoch) throw noRollback(control);
      return { outcome: count === 0 ? 'lost' : 'done', control };
    });
  }

  async register(group: string, registration: Registration): Promise<Control> {
    checkRegistration(group, registration);
    const { id, mappingHash, leaseMs } = registration;
    const ticket = randomUUID();
    return this.calls.all(async (ask) => {
      await ask(statements.lockShared, [group]);
      await ask(statements.holdRow, [group]);
      const { control, rest } = first(await ask(statements.beforeRegister, [group, id]), group);
      const [holder] = rest;
      if (holder === ticket) return control;
      if (holder !== null) throw taken(id);
      if (states[control.state].leader === null) throw frozen(control);
      refuseForeign(control, mappingHash);
      const { count } = await ask(statements.register, [group, id, mappingHash, String(leaseMs), ticket]);
      if (count === 0) throw taken(id);
      return control;
    });
  }

  async renew(instance: string, renewal: Renewal): Promise<Control> {
    checkRenewal(instance, renewal);
    const { acked, leaseMs } = renewal;
    const { systemIdentifier, timeline } = acked.server;
    const values = [instance, systemIdentifier, String(timeline), String(acked.epoch), String(leaseMs)];
    const { rows } = await this.calls.one('write', statements.renew, values);
    const [isRenewed, isUnclean, ...columns] = rows[0] ?? [];
    if (rows[0] === undefined || isUnclean === 't') throw over(instance, isUnclean === 't');
    const { control } = controlOf(columns);
    if (isRenewed !== 't') throw mappingDiffers(control);
    return control;
  }

  async leave(instance: string): Promise<void> {
    checkText('The id of an instance', instance);
    await this.calls.all(async (ask) => {
      await ask(statements.leave, [instance]);
      if ((await memberOf(ask, instance)) !== null) throw over(instance, true);
    });
  }

  async members(group: string): Promise<Members> {
    checkText('A group', group);
    const answer = await this.calls.one('read', statements.members, [group]);
    const { control, rest } = first(answer, group);
    const instances = answer.rows
      .map((each) => instanceOf(controlOf(each).rest.slice(keepingCount)))
      .filter((each) => each !== null);
    return { control, instances, keeping: keepingOf(rest) };
  }

  async markUnclean(instance: string): Promise<void> {
    checkText('The id of an instance', instance);
    await this.calls.all(async (ask) => {
      if ((await ask(statements.markUnclean, [instance])).count === 1) return;
      const holder = await memberOf(ask, instance);
      throw holder === null ? over(instance, false) : stillLive(instance, holder.leaseLeftMs);
    });
  }

  async forget(instance: string, by: Actor): Promise<void> {
    checkText('The id of an instance', instance);
    checkActor(by);
    await this.calls.all(async (ask) => {
      const before = await memberOf(ask, instance);
      if (before === null) return;
      await ask(statements.lock, [before.group]);
      if ((await ask(statements.forget, [instance, by.actor, by.commit])).count === 1) return;
      const after = await memberOf(ask, instance);
      if (after !== null) throw stillLive(instance, after.leaseLeftMs);
    });
  }

  async history(group: string, page: { after?: bigint; limit?: number } = {}): Promise<readonly Entry[]> {
    checkText('A group', group);
    const { after, limit } = checkPage(page);
    const { rows } = await this.calls.one('read', statements.history, [group, String(after), String(limit)]);
    // A group has at least the line of its beginning.
    if (rows.length === 0 && (await this.control(group)) === null) throw groupMissing(group);
    return rows.map(entryOf);
  }

  async keep(group: string, request: KeepRequest): Promise<Kept> {
    checkKeeper(group, request);
    const { keeper, leaseMs, findings: found } = request;
    const told = found === undefined ? [null, null] : [findingsText(found), String(found.epoch)];
    const values = [group, keeper, String(leaseMs), ...told];
    const { control, rest } = first(await this.calls.one('write', statements.keep, values), group);
    const [turn, findings] = rest;
    return {
      control,
      turn: turn === null ? null : BigInt(turn),
      findings: findings === null ? null : findingsOf(findings),
    };
  }

  async letGo(group: string, keeper: string): Promise<void> {
    await this.calls.one('write', statements.letGo, [group, keeper]);
  }

  async close(): Promise<void> {
    await this.pool.close();
  }
}

/** @throws CrossfadeError E_GROUP_MISSING */
function first({ rows }: Answer, group: string): ReturnType<typeof controlOf> {
  if (rows[0] === undefined) throw groupMissing(group);
  return controlOf(rows[0]);
}

async function row(ask: Ask, group: string): Promise<Control> {
  return first(await ask(statements.control, [group]), group).control;
}

async function memberOf(ask: Ask, instance: string): Promise<(Instance & { readonly group: string }) | null> {
  const { rows } = await ask(statements.instance, [instance]);
  const member = rows[0] === undefined ? null : instanceOf(rows[0]);
  return member === null ? null : { ...member, group: rows[0]?.at(-1) as string };
}
