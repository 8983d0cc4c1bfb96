UPDATE users SET code = name::varchar(5) WHERE true;
SELECT 'a'::char(3);
CREATE TABLE c AS SELECT CAST(name AS char(2)) AS n FROM users;
