CREATE INDEX users_email_idx ON users (email);
CREATE UNIQUE INDEX users_lower_idx ON public.users (lower(email)) WHERE deleted_at IS NULL;
