INSERT INTO settings (k, v) VALUES ('a', 'b') ON CONFLICT DO NOTHING;
UPDATE users SET state = 'new';
DELETE FROM visits;
WITH gone AS (DELETE FROM a WHERE id = 1 RETURNING *) SELECT * FROM gone;
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v;
