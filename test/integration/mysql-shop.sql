CREATE DATABASE `shop` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE `shop`;
CREATE TABLE customers (
  id INT PRIMARY KEY AUTO_INCREMENT,
  name VARCHAR(100) NOT NULL,
  note TEXT,
  shown VARCHAR(120) GENERATED ALWAYS AS (CONCAT('様: ', name)) STORED,
  twice INT GENERATED ALWAYS AS (LENGTH(name) * 2) VIRTUAL,
  UNIQUE KEY (name),
  FULLTEXT KEY (note)
) COMMENT = 'a\nLOCK TABLES `x` WRITE;\nINSERT INTO `x` VALUES (1);';
CREATE TABLE orders (
  id INT PRIMARY KEY AUTO_INCREMENT,
  customer INT NOT NULL,
  content LONGBLOB,
  total DECIMAL(12, 4) DEFAULT 0 CHECK (total >= 0),
  at TIMESTAMP(6) NULL,
  CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE
);
CREATE TABLE parts (id INT, year INT, data JSON, PRIMARY KEY (id, year))
  PARTITION BY RANGE (year) (PARTITION old VALUES LESS THAN (2020), PARTITION rest VALUES LESS THAN MAXVALUE);
CREATE TABLE pictures (id INT PRIMARY KEY, bits BIT(9), place POINT, small TINYBLOB, flags SET('a', 'b'), kind ENUM('ひ', 'か'));
CREATE TABLE logged (a INT, b VARCHAR(40)) ENGINE = MyISAM;
CREATE TABLE nothing (a INT);
CREATE TABLE `odd ``name`` (日本), VALUES (` (`a``b (` VARCHAR(40), `values` INT);
INSERT INTO customers (name, note) VALUES
  ('plain', 'it''s "quoted" \\ and\nin two lines\r\n(1),(2);\t\0\Z'),
  ('日本語 🎉 ', NULL), ('brackets', ');\nINSERT INTO `x` VALUES (1),(2)'), ('backslash', '\\');
INSERT INTO orders (customer, content, total, at) VALUES
  (1, X'00ff27285c0a3b', 12.5, '2026-01-02 03:04:05.678901'), (2, NULL, 0, NULL), (2, REPEAT(X'27', 300000), 1, NULL);
INSERT INTO parts VALUES (1, 2001, '{"a": "\\"(1),(2)\\""}'), (2, 2026, NULL), (3, 2026, '[]');
INSERT INTO pictures VALUES (1, b'101010101', POINT(1, 2), X'00', 'a,b', 'か'), (2, NULL, NULL, '', '', 'ひ');
INSERT INTO logged VALUES (1, 'x'), (2, 'y');
INSERT INTO `odd ``name`` (日本), VALUES (` VALUES ('(', 1), ('),(', 2), ('`', 3);
CREATE FUNCTION greeting(name VARCHAR(100)) RETURNS VARCHAR(200) DETERMINISTIC RETURN CONCAT('こんにちは ', name);
CREATE VIEW names AS SELECT id, name, 'two
lines' AS line FROM customers;
CREATE VIEW again AS SELECT name, greeting(name) AS greeting FROM names;
DELIMITER //
CREATE TRIGGER shop.counted BEFORE INSERT ON shop.orders FOR EACH ROW BEGIN
-- it's a comment
INSERT INTO logged VALUES (NEW.customer, 'order');
END//
CREATE PROCEDURE pay(IN wanted INT) COMMENT '払う' BEGIN
INSERT INTO `logged` VALUES (wanted, 'DELIMITER ;');
UPDATE orders SET total = total + 1 WHERE id = wanted;
END//
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 02:00:00' COMMENT '毎晩' DO INSERT INTO logged VALUES (0, 'night')//
DELIMITER ;
CREATE DATABASE `odd ``db`` 名/前` CHARACTER SET latin1 COLLATE latin1_bin;
CREATE TABLE `odd ``db`` 名/前`.customers (id INT PRIMARY KEY, text VARCHAR(20));
INSERT INTO `odd ``db`` 名/前`.customers VALUES (1, 'é'), (7, 'other');
CREATE VIEW `odd ``db`` 名/前`.across AS SELECT o.id, c.name FROM shop.orders o JOIN `odd ``db`` 名/前`.customers x ON o.id = x.id JOIN shop.customers c ON c.id = o.customer;
CREATE DATABASE bare;
