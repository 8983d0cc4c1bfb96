UPDATE alembic_version SET version_num='27c6a30d7c24' WHERE alembic_version.version_num = '1975ea83b712';
ALTER TABLE account ADD COLUMN last_transaction_date TIMESTAMP WITHOUT TIME ZONE;
ALTER TABLE account ALTER COLUMN name TYPE VARCHAR(50);
CREATE INDEX ix_account_name ON account (name);
