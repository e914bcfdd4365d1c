# Compiles C and C++, links, runs, and compiles what is wrong. The objects must be the same, byte for byte.
set -u
export LC_ALL=C
cat > sum.c << 'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(void)
{
    int *numbers = malloc(5000 * sizeof(int));
    for (int n = 0; n < 5000; n++) numbers[n] = n * 7919 % 5003;
    qsort(numbers, 5000, sizeof(int), by_value);
    printf("%d %d\n", numbers[0], numbers[4999]);
    free(numbers);
    return 6;
}
END
cat > sum.cc << 'END'
#include <iostream>
#include <map>
#include <string>
int main() { std::map<std::string, int> m; for (int n = 0; n < 99; n++) m[std::to_string(n % 10)]++; std::cout << m.size() << "\n"; }
END
gcc -O2 -c sum.c -o sum.o && gcc sum.o -o sum && ./sum
echo "status $?"
g++ -O1 -c sum.cc -o sum2.o && g++ sum2.o -o sum2 && ./sum2
echo "status $?"
cksum sum.o sum2.o
echo 'int main(void) { return missing; }' | gcc -x c - -o never
