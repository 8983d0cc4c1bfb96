-- crossfade: no-transaction
BEGIN;
ALTER TABLE users ADD COLUMN IF NOT EXISTS note text;
