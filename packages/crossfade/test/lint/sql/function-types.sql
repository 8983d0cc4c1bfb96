CREATE FUNCTION short(a varchar(5), b int, c timestamp) RETURNS char(3) LANGUAGE sql AS $$SELECT 'abc'$$;
