CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL);
CREATE INDEX visits_at_idx ON visits (at);
ALTER TABLE visits ADD CONSTRAINT visits_at_key UNIQUE (at);
