-- The control ledger of crossings. It lies beside the objects of PostgreSQL stores, whose names begin with store_.

CREATE TABLE crossfade.ledger_control (
  "group" text COLLATE "C" PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('legacy', 'dual', 'shadow', 'armed', 'frozen', 'switched', 'primary',
    'back-switched', 'back-frozen', 'final')),
  epoch bigint NOT NULL CHECK (epoch >= 0),
  mapping_hash text NOT NULL,
  coordinator text,
  frozen_until timestamptz,
  verified_at timestamptz,
  verified_epoch bigint,
  rollback_ready boolean NOT NULL DEFAULT false,
  stepped_system text NOT NULL,
  stepped_timeline integer NOT NULL,
  CONSTRAINT ledger_control_frozen CHECK (
    (state IN ('frozen', 'switched', 'back-switched', 'back-frozen')) = (frozen_until IS NOT NULL)
    AND (frozen_until IS NULL) = (coordinator IS NULL)),
  CONSTRAINT ledger_control_verified CHECK ((verified_at IS NULL) = (verified_epoch IS NULL))
);

CREATE TABLE crossfade.ledger_instance (
  id text COLLATE "C" PRIMARY KEY,
  "group" text COLLATE "C" NOT NULL REFERENCES crossfade.ledger_control,
  acked_epoch bigint NOT NULL CHECK (acked_epoch >= 0),
  lease_until timestamptz NOT NULL,
  mapping_hash text NOT NULL,
  unclean boolean NOT NULL DEFAULT false,
  -- Which call has registered it: one whose answer was lost finds its own row by it.
  ticket uuid NOT NULL
);

CREATE INDEX ledger_instance_group ON crossfade.ledger_instance ("group");

CREATE TABLE crossfade.ledger_history (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "group" text COLLATE "C" NOT NULL REFERENCES crossfade.ledger_control,
  did text NOT NULL CHECK (did IN ('begin', 'map', 'step', 'forget')),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL,
  commit text NOT NULL,
  step_id uuid UNIQUE,
  from_state text,
  to_state text NOT NULL,
  epoch bigint NOT NULL,
  -- json keeps what jsonb refuses or alters.
  facts json NOT NULL,
  CONSTRAINT ledger_history_step CHECK ((did = 'step') = (step_id IS NOT NULL))
);

CREATE INDEX ledger_history_group ON crossfade.ledger_history ("group", number);

CREATE FUNCTION crossfade.ledger_keep_history() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CF003', MESSAGE = 'crossfade: the history of crossings is added to, and neither changed nor removed';
END $$;

CREATE TRIGGER ledger_keep_history BEFORE UPDATE OR DELETE OR TRUNCATE ON crossfade.ledger_history
  FOR EACH STATEMENT EXECUTE FUNCTION crossfade.ledger_keep_history();

-- A session that replays another server's rows runs no ordinary triggers.
ALTER TABLE crossfade.ledger_history ENABLE ALWAYS TRIGGER ledger_keep_history;

-- The row as it is answered: times as what is left of them, and who answers. The checkpoint's timeline lags behind a
-- promotion, that of the log does not.
CREATE VIEW crossfade.ledger_now AS
  SELECT "group", state, epoch, mapping_hash, coordinator,
    floor(extract(epoch FROM frozen_until - clock_timestamp()) * 1000)::bigint AS frozen_left_ms,
    floor(extract(epoch FROM verified_at) * 1000)::bigint AS verified_at_ms, verified_epoch, rollback_ready,
    stepped_system, stepped_timeline,
    (SELECT system_identifier::text FROM pg_control_system()) AS server_system,
    ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer AS server_timeline
  FROM crossfade.ledger_control;

-- A sign of life in one round trip, also through a pooler, where a session has no settings of its own.
CREATE FUNCTION crossfade.ledger_renew(instance text, acked_system text, acked_timeline integer, acked bigint, lease_ms bigint)
  RETURNS TABLE (is_renewed boolean, is_unclean boolean, control crossfade.ledger_now)
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE crossfade.ledger_instance AS i SET
    lease_until = greatest(i.lease_until, clock_timestamp() + lease_ms * interval '1 millisecond'),
    acked_epoch = CASE WHEN (c.server_system, c.server_timeline) = (acked_system, acked_timeline) AND acked <= c.epoch
      THEN greatest(i.acked_epoch, acked) ELSE i.acked_epoch END
  FROM crossfade.ledger_now AS c
  WHERE i.id = instance AND NOT i.unclean AND c."group" = i."group"
    AND (c.state = 'legacy' OR c.mapping_hash = i.mapping_hash);
  -- A step may have been taken between the two statements: by what is answered the instance acts, so that counts.
  RETURN QUERY SELECT FOUND AND (c.state = 'legacy' OR c.mapping_hash = i.mapping_hash), i.unclean, c FROM crossfade.ledger_instance AS i
    JOIN crossfade.ledger_now AS c ON c."group" = i."group" WHERE i.id = instance;
END $$;
