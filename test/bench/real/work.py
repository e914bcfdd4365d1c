"""What Python services do all day: JSON, dictionaries, strings, small objects, patterns, digests. Run with
PYTHONMALLOC=malloc, so that every object is a block of malloc's."""
import hashlib
import json
import re
import zlib


class Order:
    def __init__(self, number, lines):
        self.number = number
        self.lines = lines

    def total(self):
        return sum(price * count for _, price, count in self.lines)


def main():
    orders = [Order(n, [(f"item-{n * i % 97}", n % 31 + i, i) for i in range(1, 6)]) for n in range(15000)]
    text = json.dumps([{"number": o.number, "lines": o.lines, "total": o.total()} for o in orders])
    packed = zlib.compress(text.encode(), 6)
    sold = {}
    for order in json.loads(zlib.decompress(packed)):
        for name, price, count in order["lines"]:
            sold.setdefault(name, []).append((price, count))
    words = re.findall(r"[a-z]+-\d+", text)
    lines = [" ".join(words[i:i + 8]).upper() for i in range(0, len(words), 8)]
    index = {}
    for number, line in enumerate(sorted(lines)):
        for word in line.split():
            index.setdefault(word, set()).add(number)
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    print(len(text), len(sold), len(lines), sum(len(found) for found in index.values()), digest.hexdigest()[:16])


main()
