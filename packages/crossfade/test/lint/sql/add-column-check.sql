ALTER TABLE users ADD COLUMN age smallint CHECK (age > 0);
