-- The epoch of a crossing that goes on must not be lost: instances and fences act by it.
DO $$
BEGIN
  IF EXISTS (SELECT FROM crossfade.ledger_control WHERE state NOT IN ('legacy', 'final')) THEN
    RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'crossfade: a crossing goes on, and its ledger is not dropped';
  END IF;
END $$;

DROP FUNCTION crossfade.ledger_renew;
DROP VIEW crossfade.ledger_now;
DROP TABLE crossfade.ledger_history;
DROP FUNCTION crossfade.ledger_keep_history;
DROP TABLE crossfade.ledger_instance;
DROP TABLE crossfade.ledger_control;
