-- crossfade: no-transaction
REINDEX INDEX CONCURRENTLY users_pkey;
