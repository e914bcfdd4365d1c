-- An in-memory database: bulk insert, indexes, joins, groups, updates and deletes.
PRAGMA cache_size = -64000;
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, town TEXT, age INTEGER);
CREATE TABLE purchase(id INTEGER PRIMARY KEY, person INTEGER, item TEXT, price REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
  INSERT INTO person SELECT i, 'name ' || (i * 7919 % 40009), 'town ' || (i * 31 % 503), i * 17 % 90 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90000)
  INSERT INTO purchase SELECT i, i * 7919 % 30000 + 1, 'item ' || (i * 101 % 2003), i * 13 % 1009 / 10.0 FROM n;
CREATE INDEX person_town ON person(town, name);
CREATE INDEX purchase_person ON purchase(person);
CREATE INDEX purchase_item ON purchase(item, price);
SELECT count(*), sum(price) FROM purchase JOIN person ON person.id = purchase.person WHERE person.age < 45;
SELECT count(*) FROM (SELECT town, group_concat(name, ', ') FROM person GROUP BY town);
SELECT count(*) FROM (SELECT item, count(DISTINCT person), max(price) FROM purchase GROUP BY item ORDER BY 2 DESC, 1);
SELECT sum(length(upper(name) || replace(town, 'town', 'city'))) FROM person;
UPDATE person SET name = name || ' of ' || town WHERE id % 3 = 0;
DELETE FROM purchase WHERE id % 4 = 0;
SELECT count(*), sum(length(name)) FROM person;
SELECT count(*), sum(price) FROM purchase;
