CREATE TABLE a_table_whose_name_is_so_long_that_postgresql_cuts_it_at_some_place (id bigint PRIMARY KEY, "a column whose name is so long that postgresql cuts it at some place" text);
