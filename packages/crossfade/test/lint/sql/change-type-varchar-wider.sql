CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, label varchar(20));
INSERT INTO tags (label) VALUES ('a');
ALTER TABLE tags ALTER COLUMN label TYPE varchar(50);
