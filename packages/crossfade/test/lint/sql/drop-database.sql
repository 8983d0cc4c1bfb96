-- crossfade: no-transaction
DROP DATABASE clinic;
