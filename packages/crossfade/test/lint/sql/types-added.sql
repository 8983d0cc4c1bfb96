ALTER TABLE users ADD COLUMN code char(3), ADD COLUMN name varchar(10), ADD COLUMN at timestamp, ADD COLUMN n int;
