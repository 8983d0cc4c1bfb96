CREATE TYPE point3 AS (x int, y int, at timestamp, name varchar(5), c char(2));
ALTER TYPE point3 ADD ATTRIBUTE z int;
