SET search_path TO app;
CREATE TABLE IF NOT EXISTS app.person (id int NOT NULL, name varchar(100) NOT NULL, CONSTRAINT person_pk PRIMARY KEY (id));
ALTER TABLE app.person OWNER TO app;
GRANT SELECT ON app.person TO reader;
COMMENT ON TABLE app.person IS 'who';
INSERT INTO app.person VALUES (1, 'Ann; Bob');
