DO $$
DECLARE
  each record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN
    CREATE TYPE mood AS ENUM ('sad', 'ok');
  END IF;
  FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER TABLE %I OWNER TO app', each.tablename);
  END LOOP;
  DROP TABLE visits;
  EXECUTE 'CREATE INDEX late_idx ON users (late)';
END
$$;
