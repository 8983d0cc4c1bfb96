CREATE TEMPORARY TABLE scratch (id int);
CREATE INDEX ON scratch (id);
DROP TABLE scratch;
