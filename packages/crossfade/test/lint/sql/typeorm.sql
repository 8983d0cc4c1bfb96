CREATE TABLE "photo" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "name" character varying(500) NOT NULL, "views" integer NOT NULL DEFAULT '0', CONSTRAINT "PK_photo" PRIMARY KEY ("id"));
ALTER TABLE "album" ADD "cover" uuid;
ALTER TABLE "album" ADD CONSTRAINT "UQ_album_cover" UNIQUE ("cover");
ALTER TABLE "album" ADD CONSTRAINT "FK_album_cover" FOREIGN KEY ("cover") REFERENCES "photo"("id") ON DELETE NO ACTION ON UPDATE NO ACTION;
