CREATE TABLE types (
  id integer PRIMARY KEY,
  small smallint,
  plain int,
  code char(3),
  one char,
  name varchar(100),
  long character varying(255) NOT NULL,
  at timestamp,
  at_zone timestamp with time zone,
  at_without timestamp(3) without time zone,
  data json,
  price money,
  tags varchar(20)[]
);
