"""An order desk. Orders come in as XML, go to SQLite, are archived with LZMA; the recent ones stay at hand.

usage: orders.py BATCHES SECONDS     all batches, spread over so many seconds (0: as fast as it goes)

Each library under it holds its memory in a manner of its own: SQLite keeps, expat and LZMA give back at once,
the interpreter does both. The work is the same in every run, and so is all that it prints.
"""
import collections
import lzma
import random
import sqlite3
import sys
import time
import zlib
import xml.etree.ElementTree as ElementTree

BATCH = 300     # orders
AT_HAND = 9000  # recent orders that stay in memory
ARCHIVE = 20    # batches

GOODS = ["anvil", "bellows", "chisel", "drill", "easel", "file", "gimlet", "hammer", "jigsaw", "level"]
TOWNS = ["Aachen", "Bergen", "Cork", "Delft", "Evora", "Faro", "Gent", "Halle", "Ivrea", "Jena"]


def incoming(chance, number):
    """One batch, as the wire brings it."""
    orders = ElementTree.Element("orders", batch=str(number))
    for place in range(BATCH):
        order = ElementTree.SubElement(orders, "order", id=str(number * BATCH + place), town=chance.choice(TOWNS))
        for goods in chance.sample(GOODS, chance.randint(1, 5)):
            ElementTree.SubElement(order, "line", goods=goods, pieces=str(chance.randint(1, 40)))
    return ElementTree.tostring(orders)


def open_books():
    books = sqlite3.connect(":memory:")
    books.executescript("""
        create table batches (number integer primary key, document blob);
        create table orders (id integer primary key, town text);
        create table lines (id integer, goods text, pieces integer);
        create index lines_goods on lines (goods, id);
    """)
    return books


def enter(books, number, document):
    """Books one batch; returns its orders as dictionaries."""
    taken = []
    books.execute("insert into batches values (?, ?)", (number, zlib.compress(document)))
    for order in ElementTree.fromstring(document):
        name, town = int(order.get("id")), order.get("town")
        lines = {line.get("goods"): int(line.get("pieces")) for line in order}
        books.execute("insert into orders values (?, ?)", (name, town))
        books.executemany("insert into lines values (?, ?, ?)", [(name, *line) for line in lines.items()])
        taken.append({"id": name, "town": town, "lines": lines})
    books.commit()
    return taken


def best_seller(books):
    return books.execute("""
        select goods, town, sum(pieces) from lines join orders using (id)
        group by goods, town order by 3 desc, 1, 2 limit 1
    """).fetchone()


def main(batches, seconds):
    chance = random.Random(1)
    books = open_books()
    at_hand = collections.deque(maxlen=AT_HAND)
    waiting, archived = [], 0
    start = time.monotonic()
    for number in range(batches):
        document = incoming(chance, number)
        at_hand.extend(enter(books, number, document))
        waiting.append(document)
        if len(waiting) == ARCHIVE:
            archived += len(lzma.compress(b"".join(waiting), preset=2))
            waiting.clear()
            goods, town, pieces = best_seller(books)
            print(f"orders.py: {(number + 1) * BATCH:,} orders, {archived:,} bytes archived,"
                  f" most wanted: {pieces:,} x {goods} for {town}", flush=True)
        time.sleep(max(0, start + (number + 1) * seconds / batches - time.monotonic()))


main(int(sys.argv[1]), float(sys.argv[2]))
