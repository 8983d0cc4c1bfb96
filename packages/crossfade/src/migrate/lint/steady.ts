/**
 * Functions of PostgreSQL that answer the same for every row of one statement, as pg_proc says (a test compares).
 * Those that people use behind DEFAULT; all others count as volatile until a migration declares them.
 */
export const steadyFunctions: ReadonlySet<string> = new Set(
  `abs age array_append array_cat array_length array_prepend array_remove array_to_string btrim ceil ceiling char_length
  chr concat concat_ws convert_from convert_to current_database current_schema current_setting date_bin date_part
  date_trunc decode encode floor format hashtext host inet_client_addr initcap int4range int8range
  json_build_array json_build_object jsonb_build_array jsonb_build_object jsonb_set jsonb_strip_nulls left length lower
  lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz md5 mod now numrange octet_length
  overlay pg_current_xact_id power quote_ident quote_literal repeat replace reverse right round rpad rtrim sha256
  split_part sqrt statement_timestamp string_to_array strpos substr substring text timezone to_char to_date to_json
  to_jsonb to_number to_timestamp to_tsquery to_tsvector transaction_timestamp translate trunc tsrange tstzrange upper
  daterange`.split(/\s+/),
);
