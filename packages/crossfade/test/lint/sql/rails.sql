CREATE TABLE "users" ("id" bigserial primary key, "email" character varying DEFAULT '' NOT NULL, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL);
CREATE UNIQUE INDEX "index_users_on_email" ON "users" ("email");
ALTER TABLE "posts" ADD "user_id" bigint NOT NULL;
CREATE INDEX "index_posts_on_user_id" ON "posts" ("user_id");
ALTER TABLE "posts" ADD CONSTRAINT "fk_rails_5b5ddfd518" FOREIGN KEY ("user_id") REFERENCES "users" ("id");
ALTER TABLE "posts" RENAME COLUMN "body" TO "content";
ALTER TABLE "posts" ALTER COLUMN "title" SET NOT NULL;
ALTER TABLE "posts" ALTER COLUMN "views" TYPE bigint;
DROP TABLE "drafts";
