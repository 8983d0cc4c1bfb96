CREATE VIEW active AS SELECT id FROM users WHERE active;
CREATE OR REPLACE VIEW active AS SELECT id, email FROM users WHERE active;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM users;
CREATE UNIQUE INDEX totals_idx ON totals (n);
ALTER VIEW active RENAME TO live;
