DELETE FROM users WHERE true;
UPDATE users SET state = 'new' WHERE 1 = 1;
MERGE INTO users u USING orders o ON true WHEN MATCHED THEN DELETE;
TRUNCATE users;
