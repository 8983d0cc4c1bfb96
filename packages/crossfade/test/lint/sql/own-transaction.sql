-- crossfade: no-transaction
BEGIN;
ALTER TABLE users ADD COLUMN note text;
COMMIT;
DROP INDEX CONCURRENTLY IF EXISTS a_idx;
