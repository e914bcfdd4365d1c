-- Joins, an index, a full-text-like scan, a window, and a transaction that is taken back.
create table customer (id integer primary key, name text, town integer);
create table purchase (customer integer, goods text, price integer);
with recursive n (i) as (select 1 union all select i + 1 from n where i < 4000)
insert into customer select i, 'customer ' || i, i % 23 from n;
with recursive n (i) as (select 1 union all select i + 1 from n where i < 60000)
insert into purchase select 1 + i * 37 % 4000, 'goods ' || (i * 7919 % 311), i * 31 % 997 from n;
create index purchase_customer on purchase (customer);
select town, count(*), sum(price) from customer join purchase on customer.id = customer group by town order by 3 desc limit 5;
select goods, rank() over (order by sum(price) desc) from purchase group by goods order by 2 limit 5;
begin;
delete from purchase where goods like '%1%';
select count(*) from purchase;
rollback;
select count(*), length(group_concat(goods)) from purchase;
pragma integrity_check;
select nothing from nowhere;
