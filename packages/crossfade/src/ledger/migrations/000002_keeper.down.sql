-- Who has the part takes it again; what was copied is copied again.

DROP INDEX crossfade.ledger_history_epoch;
DROP TABLE crossfade.ledger_keeper;
