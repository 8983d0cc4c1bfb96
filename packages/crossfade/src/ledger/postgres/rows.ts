import { CrossfadeError } from '../../core/errors.ts';
import type { Control, Entry, Instance, StepFacts } from '../contract.ts';
import type { Findings, Keeping } from '../keeping.ts';
import { type StateName, stateNames } from '../states.ts';

/** A row as PostgreSQL's text. */
export type Row = readonly (string | null)[];

/** Columns of a row `c` of the view `ledger_now`, as {@link controlOf} takes them. */
export const controlColumns = `c."group", c.state, c.epoch, c.mapping_hash, c.coordinator, c.frozen_left_ms, c.verified_at_ms,
  c.verified_epoch, c.rollback_ready, c.stepped_system, c.stepped_timeline, c.server_system, c.server_timeline`;

const controlCount = controlColumns.split(',').length;

/** Columns of an instance `i`, as {@link instanceOf} takes them. */
export const instanceColumns = `i.id, i.acked_epoch,
  (SELECT h.to_state FROM crossfade.ledger_history AS h WHERE h."group" = i."group" AND h.epoch = i.acked_epoch LIMIT 1),
  floor(extract(epoch FROM i.lease_until - clock_timestamp()) * 1000)::bigint, i.mapping_hash, i.unclean`;

/** Columns of a keeper `k`, as {@link keepingOf} takes them. */
export const keepingColumns = `k.keeper, floor(extract(epoch FROM k.lease_until - clock_timestamp()) * 1000)::bigint, k.findings`;

/** How many they are; what stands behind them is the caller's. */
export const keepingCount = 3;

/** Columns of the history, as {@link entryOf} takes them. */
export const entryColumns = `number, floor(extract(epoch FROM at) * 1000)::bigint, actor, commit, did, step_id, from_state,
  to_state, epoch, facts`;

/** The control row, and what stands behind it in the same row. */
export function controlOf(row: Row): { control: Control; rest: Row } {
  const [group, state, epoch, mappingHash, coordinator, frozenLeft, verifiedAt, verifiedEpoch, ready, ...places] = row;
  const [steppedSystem, steppedTimeline, system, timeline] = places;
  const verification =
    verifiedAt === null ? null : { at: new Date(Number(verifiedAt)), epoch: BigInt(verifiedEpoch as string) };
  const control: Control = {
    group: group as string,
    state: stateOf(state),
    epoch: BigInt(epoch as string),
    mappingHash: mappingHash as string,
    coordinator,
    frozenLeftMs: frozenLeft === null ? null : Number(frozenLeft),
    verification,
    isRollbackReady: ready === 't',
    steppedOn: { systemIdentifier: steppedSystem as string, timeline: Number(steppedTimeline) },
    server: { systemIdentifier: system as string, timeline: Number(timeline) },
  };
  return { control, rest: row.slice(controlCount) };
}

/** Null where the columns are, because nobody is there. */
export function instanceOf([id, acked, ackedState, leaseLeft, mappingHash, unclean]: Row): Instance | null {
  if (id === null) return null;
  return {
    id,
    ackedEpoch: BigInt(acked as string),
    ackedState: stateOf(ackedState),
    leaseLeftMs: Number(leaseLeft),
    mappingHash: mappingHash as string,
    isUnclean: unclean === 't',
  };
}

/** Null where nobody has kept the group. */
export function keepingOf([keeper, leaseLeft, findings]: Row): Keeping | null {
  if (keeper === null) return null;
  return {
    keeper,
    leaseLeftMs: Number(leaseLeft),
    findings: findings === null ? null : findingsOf(findings),
  };
}

/** JSON has no bigint. */
export function findingsText(findings: Findings): string {
  return JSON.stringify({ ...findings, epoch: String(findings.epoch) });
}

/** What {@link findingsText} was made of. */
export function findingsOf(text: string): Findings {
  const found = JSON.parse(text) as Omit<Findings, 'epoch'> & { epoch: string };
  return { ...found, epoch: BigInt(found.epoch) };
}

/** A line of the history. */
export function entryOf([number, at, actor, commit, did, stepId, from, to, epoch, facts]: Row): Entry {
  return {
    number: BigInt(number as string),
    at: new Date(Number(at)),
    actor: actor as string,
    commit: commit as string,
    did: did as Entry['did'],
    stepId,
    from: from === null ? null : stateOf(from),
    to: stateOf(to),
    epoch: BigInt(epoch as string),
    facts: JSON.parse(facts as string) as StepFacts,
  };
}

/** What a newer release calls a state is not guessed at. */
function stateOf(name: string | null): StateName {
  const known = stateNames.find((each) => each === name);
  if (known !== undefined) return known;
  throw new CrossfadeError(
    'E_LEDGER_FAILED',
    `The control ledger has a state that this release does not know (${name}). Nothing was changed. Use the release that wrote it.`,
    { state: name },
  );
}
