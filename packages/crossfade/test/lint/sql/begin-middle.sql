BEGIN;
ALTER TABLE users ADD COLUMN note text;
COMMIT;
UPDATE users SET note = name WHERE note IS NULL;
