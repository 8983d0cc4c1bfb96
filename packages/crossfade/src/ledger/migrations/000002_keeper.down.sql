-- Who has the part takes it again; what was copied is copied again.

DROP TABLE crossfade.ledger_keeper;
