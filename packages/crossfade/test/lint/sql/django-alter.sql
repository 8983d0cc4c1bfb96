SET CONSTRAINTS "clinic_visit_patient_id_fk" IMMEDIATE; ALTER TABLE "clinic_visit" DROP CONSTRAINT "clinic_visit_patient_id_fk";
ALTER TABLE "clinic_visit" RENAME COLUMN "reason" TO "why";
ALTER TABLE "clinic_visit" ALTER COLUMN "why" TYPE text USING "why"::text;
UPDATE "clinic_visit" SET "why" = '' WHERE "why" IS NULL; SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE "clinic_visit" ALTER COLUMN "why" SET NOT NULL;
DROP TABLE "clinic_old" CASCADE;
