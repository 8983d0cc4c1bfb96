import { randomUUID } from 'node:crypto';
import {
  checkActor,
  checkKeeper,
  checkNote,
  checkPage,
  checkRegistration,
  checkRenewal,
  checkStep,
  checkText,
} from './arguments.ts';
import { breakBetween } from './continuity.ts';
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
  Server,
  Stepped,
  StepRequest,
} from './contract.ts';
import type { KeepRequest } from './keeping.ts';
import { MemoryHistory, type Telling } from './memory-history.ts';
import { MemoryKeepers } from './memory-keepers.ts';
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
} from './refusals.ts';
import { states } from './states.ts';
import { effectsOf, hasRollback, objection } from './steps.ts';

/** A row as it is kept: times are those of the clock. */
type Row = Omit<Control, 'frozenLeftMs' | 'server'> & { readonly frozenUntilMs: number | null };
type Member = Omit<Instance, 'leaseLeftMs' | 'ackedState'> & { readonly group: string; readonly leaseEndMs: number };

/** Memory has one history. */
const server: Server = { systemIdentifier: 'memory', timeline: 1 };

/**
 * A ledger in memory, for tests and simulations. It has no timers: what time it is, and when it passes, the clock says.
 * Each verb happens in one piece when it is called.
 */
export class MemoryLedger implements Ledger {
  /** Milliseconds since 1970. */
  private readonly nowMs: () => number;
  private readonly rows = new Map<string, Row>();
  private readonly instances = new Map<string, Member>();
  private readonly told = new MemoryHistory();
  private readonly keepers: MemoryKeepers;

  constructor({ nowMs }: { readonly nowMs: () => number }) {
    this.nowMs = nowMs;
    this.keepers = new MemoryKeepers(nowMs);
  }

  async begin(group: string, mappingHash: string, by: Actor): Promise<Control> {
    checkText('A group', group);
    checkText('The hash of a mapping', mappingHash);
    checkActor(by);
    const row = this.rows.get(group);
    if (row === undefined) {
      const first = { group, state: 'legacy', epoch: 0n, mappingHash, coordinator: null, frozenUntilMs: null } as const;
      this.put({ ...first, verification: null, isRollbackReady: false, steppedOn: server });
      this.write(group, by, { did: 'begin', facts: { mappingHash } });
    } else if (row.mappingHash !== mappingHash) {
      if (row.state !== 'legacy') throw mappingDiffers(row);
      this.put({ ...row, mappingHash });
      this.write(group, by, { did: 'map', from: row.state, facts: { mappingHash } });
    }
    return this.answer(group);
  }

  async control(group: string): Promise<Control | null> {
    return this.rows.has(group) ? this.answer(group) : null;
  }

  async groups(): Promise<readonly Control[]> {
    return [...this.rows.keys()].sort().map((group) => this.answer(group));
  }

  async step(group: string, request: StepRequest): Promise<Stepped> {
    checkStep(group, request);
    const { id = randomUUID(), from, to, facts = {} } = request;
    const control = this.answer(group);
    const earlier = this.told.step(id, group, request);
    if (earlier === 'another') throw otherStep(id);
    if (earlier === 'same') return { outcome: 'done', control };
    const outcome = objection(control, request, this.hasForeign(control));
    if (outcome !== null) return { outcome, control };
    const { coordinator, frozenForMs, verification, isRollbackReady } = effectsOf(request);
    const frozenUntilMs = typeof frozenForMs === 'number' ? this.nowMs() + frozenForMs : frozenForMs;
    this.put({
      ...this.row(group),
      state: to,
      epoch: control.epoch + 1n,
      steppedOn: server,
      ...(coordinator !== undefined && { coordinator }),
      ...(frozenUntilMs !== undefined && { frozenUntilMs }),
      ...(verification !== undefined && { verification }),
      ...(isRollbackReady !== undefined && { isRollbackReady }),
    });
    this.write(group, request, { did: 'step', stepId: id, from: from.state, facts });
    return { outcome: 'done', control: this.answer(group) };
  }

  async note(group: string, note: Note): Promise<{ outcome: 'done' | 'lost'; control: Control }> {
    checkNote(group, note);
    const row = this.row(group);
    const { epoch, isVerified, isRollbackReady = row.isRollbackReady } = note;
    if (row.epoch !== epoch) return { outcome: 'lost', control: this.answer(group) };
    if (isRollbackReady && !hasRollback(row.state)) throw noRollback(row);
    const verification = isVerified ? { at: new Date(this.nowMs()), epoch } : row.verification;
    this.put({ ...row, verification, isRollbackReady });
    return { outcome: 'done', control: this.answer(group) };
  }

  async register(group: string, registration: Registration): Promise<Control> {
    checkRegistration(group, registration);
    const { id, mappingHash, leaseMs } = registration;
    const control = this.answer(group);
    if (this.instances.has(id)) throw taken(id);
    if (states[control.state].leader === null) throw frozen(control);
    refuseForeign(control, mappingHash);
    const leaseEndMs = this.nowMs() + leaseMs;
    this.instances.set(id, { id, group, mappingHash, ackedEpoch: control.epoch, leaseEndMs, isUnclean: false });
    return control;
  }

  async renew(instance: string, renewal: Renewal): Promise<Control> {
    checkRenewal(instance, renewal);
    const { acked, leaseMs } = renewal;
    const member = this.instances.get(instance);
    if (member === undefined || member.isUnclean) throw over(instance, member !== undefined);
    const control = this.answer(member.group);
    refuseForeign(control, member.mappingHash);
    const counts = breakBetween(acked, control) === null && acked.epoch > member.ackedEpoch;
    const leaseEndMs = Math.max(member.leaseEndMs, this.nowMs() + leaseMs);
    this.instances.set(instance, { ...member, leaseEndMs, ...(counts && { ackedEpoch: acked.epoch }) });
    return control;
  }

  async leave(instance: string): Promise<void> {
    checkText('The id of an instance', instance);
    if (this.instances.get(instance)?.isUnclean) throw over(instance, true);
    this.instances.delete(instance);
  }

  async members(group: string): Promise<Members> {
    const control = this.answer(group);
    const instances = [...this.instances.values()]
      .filter((member) => member.group === group)
      .map(({ id, ackedEpoch, leaseEndMs, mappingHash, isUnclean }) => {
        const ackedState = this.told.stateAt(group, ackedEpoch);
        return { id, ackedEpoch, ackedState, leaseLeftMs: leaseEndMs - this.nowMs(), mappingHash, isUnclean };
      });
    instances.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { control, instances, keeping: this.keepers.keeping(group) };
  }

  async markUnclean(instance: string): Promise<void> {
    const member = this.ended(instance);
    if (member === null) throw over(instance, false);
    this.instances.set(instance, { ...member, isUnclean: true });
  }

  async forget(instance: string, by: Actor): Promise<void> {
    checkActor(by);
    const member = this.ended(instance);
    if (member === null) return;
    this.instances.delete(instance);
    const { group, isUnclean } = member;
    this.write(group, by, { did: 'forget', from: this.row(group).state, facts: { instance, isUnclean } });
  }

  async history(group: string, page: { after?: bigint; limit?: number } = {}): Promise<readonly Entry[]> {
    const { after, limit } = checkPage(page);
    this.row(group);
    return this.told.page(group, after, limit);
  }

  async keep(group: string, request: KeepRequest): Promise<Kept> {
    checkKeeper(group, request);
    const control = this.answer(group);
    const turn = this.keepers.keep(control, request);
    return { control, turn, findings: this.keepers.keeping(group)?.findings ?? null };
  }

  async letGo(group: string, keeper: string): Promise<void> {
    this.keepers.letGo(group, keeper);
  }

  async close(): Promise<void> {}

  /** One whose lease has ended; null where there is none. @throws CrossfadeError E_INSTANCE_LIVE */
  private ended(instance: string): Member | null {
    checkText('The id of an instance', instance);
    const member = this.instances.get(instance) ?? null;
    const leftMs = member === null ? 0 : member.leaseEndMs - this.nowMs();
    if (leftMs > 0) throw stillLive(instance, leftMs);
    return member;
  }

  private hasForeign({ group, mappingHash }: Control): boolean {
    return [...this.instances.values()].some(
      (each) => each.group === group && each.mappingHash !== mappingHash && each.leaseEndMs > this.nowMs(),
    );
  }

  private row(group: string): Row {
    checkText('A group', group);
    const row = this.rows.get(group);
    if (row === undefined) throw groupMissing(group);
    return row;
  }

  private put(row: Row): void {
    this.rows.set(row.group, row);
  }

  private answer(group: string): Control {
    const { frozenUntilMs, ...row } = this.row(group);
    return { ...row, frozenLeftMs: frozenUntilMs === null ? null : frozenUntilMs - this.nowMs(), server };
  }

  /** Tells of the row as it has just become. */
  private write(
    group: string,
    { actor, commit }: Actor,
    told: Pick<Telling, 'did' | 'facts' | 'stepId' | 'from'>,
  ): void {
    const { state, epoch } = this.row(group);
    this.told.add(group, { at: new Date(this.nowMs()), actor, commit, to: state, epoch, ...told });
  }
}
