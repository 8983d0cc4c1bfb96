-- crossfade: no-transaction
VACUUM FULL users;
VACUUM (FULL, ANALYZE) orders;
CLUSTER users USING users_pkey;
VACUUM users;
