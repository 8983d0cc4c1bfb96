CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), shop_id bigint, FOREIGN KEY (shop_id) REFERENCES shops (id));
