ALTER TABLE users ADD COLUMN number serial;
ALTER TABLE users ADD COLUMN pk bigserial PRIMARY KEY;
