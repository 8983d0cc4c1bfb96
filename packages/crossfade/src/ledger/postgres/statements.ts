import { controlColumns, entryColumns, instanceColumns, keepingColumns } from './rows.ts';

const others = `SELECT FROM crossfade.ledger_instance AS i
  WHERE i."group" = c."group" AND i.mapping_hash <> c.mapping_hash AND i.lease_until > clock_timestamp()`;

const historyColumns = '"group", did, actor, commit, step_id, from_state, to_state, epoch, facts';

/** The server that takes the step, as `ledger_now` says it. */
const server = '(SELECT system_identifier::text FROM pg_control_system())';
const timeline = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer";

/**
 * The SQL of every verb. Who changes a control row has the lock of its group alone, and writers will share it until they
 * end: that is a fair queue, behind which the row itself is free.
 */
export const statements = {
  /** $1 the group. */
  lock: "SELECT pg_advisory_xact_lock(hashtextextended('crossfade:group:' || $1::text, 0))",
  /** $1 the group. Registrations do not wait for each other, and the row of a group does not change under them. */
  lockShared: "SELECT pg_advisory_xact_lock_shared(hashtextextended('crossfade:group:' || $1::text, 0))",
  holdRow: 'SELECT 1 FROM crossfade.ledger_control WHERE "group" = $1 FOR SHARE',

  control: `SELECT ${controlColumns} FROM crossfade.ledger_now AS c WHERE c."group" = $1`,
  groups: `SELECT ${controlColumns} FROM crossfade.ledger_now AS c ORDER BY c."group"`,

  /** $1 the group, $2 the mapping, $3 and $4 who. */
  begin: `WITH made AS (
      INSERT INTO crossfade.ledger_control ("group", state, epoch, mapping_hash, stepped_system, stepped_timeline)
      VALUES ($1, 'legacy', 0, $2, ${server}, ${timeline}) ON CONFLICT ("group") DO NOTHING RETURNING *)
    INSERT INTO crossfade.ledger_history (${historyColumns})
      SELECT "group", 'begin', $3, $4, NULL, NULL, state, epoch, json_build_object('mappingHash', mapping_hash) FROM made`,
  map: `WITH made AS (
      UPDATE crossfade.ledger_control SET mapping_hash = $2
      WHERE "group" = $1 AND state = 'legacy' AND mapping_hash <> $2 RETURNING *)
    INSERT INTO crossfade.ledger_history (${historyColumns})
      SELECT "group", 'map', $3, $4, NULL, state, state, epoch, json_build_object('mappingHash', mapping_hash) FROM made`,

  /**
   * $1 the group, $2 the step, $3 to $5 where it begins and leads: the row, whether the id is that of this step (null: of
   * none yet), and whether others with another mapping live.
   */
  beforeStep: `SELECT ${controlColumns},
    (SELECT (h."group", h.epoch - 1, h.from_state, h.to_state) = ($1, $3::bigint, $4, $5)
      FROM crossfade.ledger_history AS h WHERE h.step_id = $2::uuid),
    EXISTS (${others}) FROM crossfade.ledger_now AS c WHERE c."group" = $1`,
  /**
   * $1 to $3 the group and where the step begins, $4 where it leads, $5 that the lead changes, $6 and $7 the coordinator,
   * $8 and $9 the time of the freeze, $10 that the verification is kept, $11 the readiness; $12 to $15 for the history.
   */
  step: `WITH stepped AS (
      UPDATE crossfade.ledger_control AS c SET state = $4, epoch = c.epoch + 1,
        coordinator = CASE WHEN $6::boolean THEN c.coordinator ELSE $7 END,
        frozen_until = CASE WHEN $8::boolean THEN c.frozen_until
          ELSE clock_timestamp() + $9::bigint * interval '1 millisecond' END,
        verified_at = CASE WHEN $10::boolean THEN c.verified_at END,
        verified_epoch = CASE WHEN $10::boolean THEN c.verified_epoch END,
        rollback_ready = coalesce($11::boolean, c.rollback_ready),
        stepped_system = ${server}, stepped_timeline = ${timeline}
      WHERE c."group" = $1 AND c.epoch = $2::bigint AND c.state = $3
        AND (NOT $5::boolean OR clock_timestamp() < c.frozen_until) RETURNING *)
    INSERT INTO crossfade.ledger_history (${historyColumns})
      SELECT "group", 'step', $12, $13, $14::uuid, $3, state, epoch, $15::json FROM stepped`,

  /** $1 the group, $2 the epoch, $3 that all was equal, $4 the readiness, $5 the states in which it may be. */
  note: `UPDATE crossfade.ledger_control SET
      verified_at = CASE WHEN $3::boolean THEN clock_timestamp() ELSE verified_at END,
      verified_epoch = CASE WHEN $3::boolean THEN epoch ELSE verified_epoch END,
      rollback_ready = coalesce($4::boolean, rollback_ready)
    WHERE "group" = $1 AND epoch = $2::bigint AND ($4::boolean IS NOT TRUE OR state = ANY ($5::text[]))`,

  /** $1 the group, $2 the id: the row, and the ticket of whoever has the id. */
  beforeRegister: `SELECT ${controlColumns}, (SELECT ticket FROM crossfade.ledger_instance WHERE id = $2)
    FROM crossfade.ledger_now AS c WHERE c."group" = $1`,
  /** $1 the group, $2 the id, $3 the mapping, $4 the lease, $5 the ticket. */
  register: `INSERT INTO crossfade.ledger_instance (id, "group", acked_epoch, lease_until, mapping_hash, ticket)
    SELECT $2, "group", epoch, clock_timestamp() + $4::bigint * interval '1 millisecond', $3, $5::uuid
    FROM crossfade.ledger_control WHERE "group" = $1 ON CONFLICT (id) DO NOTHING`,

  /** $1 the id, $2 to $4 what is acknowledged, $5 the lease. */
  renew: `SELECT is_renewed, is_unclean, (control).* FROM crossfade.ledger_renew($1, $2, $3, $4, $5)`,

  /** $1 the id. */
  leave: 'DELETE FROM crossfade.ledger_instance WHERE id = $1 AND NOT unclean',
  instance: `SELECT ${instanceColumns}, i."group" FROM crossfade.ledger_instance AS i WHERE i.id = $1`,
  markUnclean: 'UPDATE crossfade.ledger_instance SET unclean = true WHERE id = $1 AND lease_until <= clock_timestamp()',
  /** $1 the id, $2 and $3 who. */
  forget: `WITH gone AS (
      DELETE FROM crossfade.ledger_instance WHERE id = $1 AND lease_until <= clock_timestamp() RETURNING *)
    INSERT INTO crossfade.ledger_history (${historyColumns})
      SELECT c."group", 'forget', $2, $3, NULL, c.state, c.state, c.epoch,
        json_build_object('instance', gone.id, 'isUnclean', gone.unclean)
      FROM gone JOIN crossfade.ledger_control AS c ON c."group" = gone."group"`,

  members: `SELECT ${controlColumns}, ${keepingColumns}, ${instanceColumns}
    FROM crossfade.ledger_now AS c LEFT JOIN crossfade.ledger_keeper AS k ON k."group" = c."group"
      LEFT JOIN crossfade.ledger_instance AS i ON i."group" = c."group"
    WHERE c."group" = $1 ORDER BY i.id`,
  /** $1 the group, $2 after which number, $3 how many at most. */
  history: `SELECT ${entryColumns} FROM crossfade.ledger_history
    WHERE "group" = $1 AND number > $2::bigint ORDER BY number LIMIT $3::bigint`,

  /**
   * $1 the group, $2 the keeper, $3 the lease, $4 what was found, $5 in which epoch: it counts only where the row is this
   * keeper's since then. Who waited for the row of another keeper has read the epoch before: it takes no part that a later
   * epoch has had.
   */
  keep: `WITH kept AS (
      INSERT INTO crossfade.ledger_keeper AS k ("group", keeper, epoch, turn, lease_until, findings)
        SELECT c."group", $2, c.epoch, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint,
          clock_timestamp() + $3::bigint * interval '1 millisecond', NULL::json
        FROM crossfade.ledger_control AS c WHERE c."group" = $1
      ON CONFLICT ("group") DO UPDATE SET keeper = EXCLUDED.keeper, epoch = EXCLUDED.epoch,
        lease_until = EXCLUDED.lease_until, 
        findings = CASE WHEN k.keeper = EXCLUDED.keeper AND k.epoch = $5::bigint THEN $4::json ELSE k.findings END,
        turn = CASE WHEN (k.keeper, k.epoch) = (EXCLUDED.keeper, EXCLUDED.epoch) THEN k.turn
          ELSE greatest(k.turn + 1, EXCLUDED.turn) END
      WHERE k.epoch <= EXCLUDED.epoch AND (k.keeper = EXCLUDED.keeper OR k.lease_until <= clock_timestamp())
      RETURNING k."group", k.turn, k.findings)
    SELECT ${controlColumns}, kept.turn, kept.findings
    FROM crossfade.ledger_now AS c LEFT JOIN kept ON kept."group" = c."group" WHERE c."group" = $1`,
  /** $1 the group, $2 the keeper. */
  letGo: `UPDATE crossfade.ledger_keeper SET lease_until = clock_timestamp() WHERE "group" = $1 AND keeper = $2
    AND lease_until > clock_timestamp()`,
} as const;
