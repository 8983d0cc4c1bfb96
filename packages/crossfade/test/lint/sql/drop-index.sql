DROP INDEX users_email_idx;
DROP INDEX IF EXISTS a_idx, b_idx;
