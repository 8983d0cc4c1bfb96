CREATE TABLE a (id serial PRIMARY KEY, n bigserial, s smallserial);
CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
