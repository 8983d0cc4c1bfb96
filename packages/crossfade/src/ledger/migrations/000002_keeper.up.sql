-- Who keeps the other store of a group in step. The turn is the number by which the stores know a keeper in one state.

CREATE TABLE crossfade.ledger_keeper (
  "group" text COLLATE "C" PRIMARY KEY REFERENCES crossfade.ledger_control,
  keeper text NOT NULL,
  epoch bigint NOT NULL CHECK (epoch >= 0),
  turn bigint NOT NULL CHECK (turn > 0),
  lease_until timestamptz NOT NULL,
  -- json keeps what jsonb refuses or alters.
  findings json
);

-- Which state an epoch has begun: what an instance acts by is told by it.
CREATE INDEX ledger_history_epoch ON crossfade.ledger_history ("group", epoch);
