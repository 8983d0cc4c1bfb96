ALTER TABLE users RENAME COLUMN mail TO email;
ALTER TABLE users RENAME TO accounts;
ALTER TABLE accounts RENAME full_name TO name;
