-- crossfade: no-transaction
BEGIN;
CREATE INDEX CONCURRENTLY a_idx ON users (a);
COMMIT;
