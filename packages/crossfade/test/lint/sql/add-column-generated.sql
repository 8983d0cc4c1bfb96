ALTER TABLE users ADD COLUMN folded text GENERATED ALWAYS AS (lower(email)) STORED;
