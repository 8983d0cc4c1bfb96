-- crossfade: no-transaction
ALTER TABLE old_events DETACH PARTITION old_events_2024 CONCURRENTLY;
