CREATE FOREIGN TABLE remote (id int, name varchar(5)) SERVER other;
DROP FOREIGN TABLE remote2;
