import type { Findings, Keeping, KeepRequest } from './keeping.ts';
import type { StateName } from './states.ts';

/** Which history of PostgreSQL answers. Both change when another server takes over, and an asynchronous one may know less. */
export interface Server {
  /** PostgreSQL's number for a cluster and its copies. */
  readonly systemIdentifier: string;
  /** Raised by each promotion of a standby, and by a recovery to a point in time. */
  readonly timeline: number;
}

/** How far a crossing was when the ledger answered. */
export interface Position {
  /** One more with each step. */
  readonly epoch: bigint;
  readonly server: Server;
}

/** The row that decides, one a group. */
export interface Control extends Position {
  readonly group: string;
  readonly state: StateName;
  /** The mapping that everybody has to have from `dual` on. */
  readonly mappingHash: string;
  /** Who drives the cutover or rollback; null outside of one. */
  readonly coordinator: string | null;
  /** By the ledger's clock at the time of the answer, negative when it is over; null unless nobody leads. */
  readonly frozenLeftMs: number | null;
  /** When all records were last found equal, and at which epoch. Null again when the lead changes, and in `legacy`. */
  readonly verification: { readonly at: Date; readonly epoch: bigint } | null;
  /** A rollback would lose nothing. Only the target's lead can make it so. */
  readonly isRollbackReady: boolean;
  /** Who answered the last step. Where it is not `server`, others took over since, and steps may be missing. */
  readonly steppedOn: Server;
}

/** A process of the application, from its registration until it leaves or is forgotten. */
export interface Instance {
  readonly id: string;
  /** The last epoch that it acts by, and the state that it began. */
  readonly ackedEpoch: bigint;
  readonly ackedState: StateName;
  /** By the ledger's clock at the time of the answer; not above zero when the lease has ended. */
  readonly leaseLeftMs: number;
  readonly mappingHash: string;
  /** It went without signing off, and what it alone knew may be lost. */
  readonly isUnclean: boolean;
}

/** A group at one moment. */
export interface Members {
  readonly control: Control;
  /** By id. */
  readonly instances: readonly Instance[];
  /** Null before anybody has kept the other store in step. */
  readonly keeping: Keeping | null;
}

/** Who does something, for the history. */
export interface Actor {
  /** One life of one process: no other has the same, also not after a restart. */
  readonly actor: string;
  /** The commit of the program that does it. */
  readonly commit: string;
}

/** Evidence that a step was taken on: names, counts and positions, never a value out of a row. */
export type StepFacts = Readonly<Record<string, string | number | boolean | null>>;

/** A step from one state to the next. */
export interface StepRequest extends Actor {
  /** A UUID. The same step asked for again under the same id is done once. Default: a new one. */
  readonly id?: string;
  readonly from: { readonly state: StateName; readonly epoch: bigint };
  readonly to: StateName;
  /** How long nobody may lead, from this step on: for those that freeze, and for no other. */
  readonly budgetMs?: number;
  readonly facts?: StepFacts;
}

/**
 * What became of a step. `done`: it was taken, by this call or an earlier one of the same id. `lost`: the row is not where
 * the step begins. `late`: the lead may not change any more, since the time of the freeze is over. `early`: only the
 * coordinator breaks off before it is. `foreign`: instances with another mapping are alive. Nothing was changed but by `done`.
 */
export type StepOutcome = 'done' | 'lost' | 'late' | 'early' | 'foreign';

/** The outcome, and the row as it stands afterwards. */
export interface Stepped {
  readonly outcome: StepOutcome;
  readonly control: Control;
}

/** An instance's wish to take part. */
export interface Registration {
  /** One life of one process: an id that is registered is refused. */
  readonly id: string;
  readonly mappingHash: string;
  readonly leaseMs: number;
}

/** A sign of life. */
export interface Renewal {
  /** The answer that the instance acts by. */
  readonly acked: Position;
  readonly leaseMs: number;
}

/** The answer to a keeper. */
export interface Kept {
  readonly control: Control;
  /**
   * Under which number the stores know this keeper in this state: beyond every one that was ever given, for any group, by
   * any ledger whose clock was not ahead of this one. Null: somebody else keeps.
   */
  readonly turn: bigint | null;
  /** What was found last, by this keeper or the one before; null before the first. */
  readonly findings: Findings | null;
}

/** A line of the history. */
export interface Entry extends Actor {
  /** Ascending within a group. */
  readonly number: bigint;
  readonly at: Date;
  readonly did: 'begin' | 'map' | 'step' | 'forget';
  /** Of a step; else null. */
  readonly stepId: string | null;
  readonly from: StateName | null;
  /** The state and the epoch afterwards. */
  readonly to: StateName;
  readonly epoch: bigint;
  readonly facts: StepFacts;
}

/**
 * The control ledger of crossings: what state each group is in, who takes part, and what has happened. All that coordinators
 * and instances agree on goes through it, and every time in it is that of its own clock.
 *
 * Every verb is all or nothing, and may be called by any number of processes at once. Each throws CrossfadeError
 * E_LEDGER_BUSY (a lock was not to be had in time) and E_LEDGER_FAILED (the ledger cannot be reached, or refused), with
 * nothing done; E_OUTCOME_UNKNOWN, after which the same call may simply be made again; and TypeError for an argument
 * that is a defect of the caller. Verbs about a group that nobody has begun throw E_GROUP_MISSING.
 */
export interface Ledger {
  /**
   * Makes the row of a group in `legacy` at epoch 0, or leaves the one that is there. In `legacy` another mapping
   * replaces the last one. @throws CrossfadeError E_MAPPING_DIFFERS in any other state
   */
  begin(group: string, mappingHash: string, by: Actor): Promise<Control>;

  /** The row of a group; null when nobody has begun it. */
  control(group: string): Promise<Control | null>;

  /** The rows of all groups, by name. */
  groups(): Promise<readonly Control[]>;

  /**
   * Takes one step of the table of states, if the row is still in that state at that epoch: of any number of steps from
   * there exactly one is taken. The history tells of it, or it was not taken.
   *
   * A step that freezes ends within its budget by one of two: `switched` to `primary` and `back-frozen` to `armed`, which
   * change the lead and are taken only before its end, or the way back, which anybody takes after it, and the coordinator
   * at any time. Whether the step is justified (who lags, what differs) is the caller's to know, but for one thing:
   * `legacy` is not left while instances with another mapping are alive.
   *
   * @throws TypeError for two states that no step joins, a budget that is missing or one too many, and the id of another step
   */
  step(group: string, request: StepRequest): Promise<Stepped>;

  /**
   * Notes that all records were found equal, or whether a rollback would lose nothing. What was found at an earlier epoch
   * says nothing about this one: it changes nothing, and the answer is `lost`.
   *
   * @throws TypeError for `isRollbackReady: true` at an epoch whose state is not led by the target, or has no way back
   */
  note(group: string, note: Note): Promise<Pick<Stepped, 'control'> & { readonly outcome: 'done' | 'lost' }>;

  /**
   * Takes part from now on, in the state of the answer, which counts as acknowledged. No step is taken meanwhile.
   *
   * @throws CrossfadeError E_CROSSING_FROZEN while nobody leads: try again; E_MAPPING_DIFFERS for another mapping, but in
   * `legacy`, where none counts yet; E_INSTANCE_TAKEN for an id that is registered
   */
  register(group: string, registration: Registration): Promise<Control>;

  /**
   * Extends the lease to `leaseMs` from now, unless it lasts longer already, acknowledges, and answers with the row: one
   * round trip. A lease that has ended is extended as well; whoever comes back acts by the answer, and by nothing before
   * it. What is acknowledged counts only if the same server has it and is as far: behind a failover it is somebody
   * else's epoch.
   *
   * @throws CrossfadeError E_INSTANCE_OVER for one that was never registered, left, was forgotten or is unclean: register
   * another; E_MAPPING_DIFFERS as `register` does
   */
  renew(instance: string, renewal: Renewal): Promise<Control>;

  /**
   * Signs off: the instance does nothing any more, and nothing of it is outstanding. One that is not there has left.
   * @throws CrossfadeError E_INSTANCE_OVER for one that is unclean, and stays so
   */
  leave(instance: string): Promise<void>;

  /** The row, everybody who has not left, also those whose lease has ended, and the keeper, at one moment. */
  members(group: string): Promise<Members>;

  /**
   * Says that the instance went without signing off. It is renewed no more, and stays until it is forgotten.
   * @throws CrossfadeError E_INSTANCE_LIVE while its lease lasts; E_INSTANCE_OVER for one that is not there
   */
  markUnclean(instance: string): Promise<void>;

  /**
   * Counts an instance out, because its death is proved or what it alone knew was found by a verification. One that is
   * not there was forgotten already. @throws CrossfadeError E_INSTANCE_LIVE while its lease lasts
   */
  forget(instance: string, by: Actor): Promise<void>;

  /** What has happened to a group, oldest first. It can be added to, and neither changed nor removed. */
  history(group: string, page?: { readonly after?: bigint; readonly limit?: number }): Promise<readonly Entry[]>;

  /**
   * Takes the part of the keeper where it is free, or extends the lease of whoever has it, notes what was found, and
   * answers with the row. Another keeper, and another state, has another turn; what is done under an earlier one is
   * refused by the stores as soon as the later one has begun.
   *
   * @throws CrossfadeError E_GROUP_MISSING
   */
  keep(group: string, request: KeepRequest): Promise<Kept>;

  /** Ends the lease, if this keeper has it: the next one need not wait. What was found stays. */
  letGo(group: string, keeper: string): Promise<void>;

  /** Ends the connections of this process; nobody leaves by it. */
  close(): Promise<void>;
}

/** What was found at an epoch. */
export interface Note {
  readonly epoch: bigint;
  /** All records were found equal, just now. */
  readonly isVerified?: true;
  readonly isRollbackReady?: boolean;
}
