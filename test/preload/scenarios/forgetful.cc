/* A small service at work for 3 s: words are counted, sorted and dropped again. It keeps a pool of 2 MiB from its
 * start, and forgets a request now and then: 1.2 MB of them by the end. */
#include "blocks.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace
{

/* How often each word of a made-up request comes, in the order of the words. */
size_t serve(unsigned number)
{
    std::map<std::string, unsigned> counts;
    for (unsigned i = 0; i < 200; i++)
        counts["a word of request " + std::to_string((number * 31 + i * i) % 97)]++;
    std::vector<std::pair<unsigned, std::string>> order;
    for (const auto &[word, count] : counts)
        order.emplace_back(count, word);
    std::sort(order.begin(), order.end());
    return order.size();
}

} // namespace

extern "C" __attribute__((noinline)) void *start_pool(size_t size)
{
    return hide(malloc(size));
}

extern "C" __attribute__((noinline)) char *remember_request(size_t size)
{
    return static_cast<char *>(hide(new char[size]));
}

int main()
{
    enum { REQUESTS = 300 };
    size_t words = 0;
    void *pool = start_pool(2 << 20);
    std::unique_ptr<char[]> last;
    for (unsigned i = 0; i < REQUESTS; i++) {
        words += serve(i);
        last.reset(remember_request(5000));
        if (i % 5 != 0)
            last.release(); /* meant to keep it for a moment */
        nap(10);
    }
    dprintf(1, "%zu words\n", words);
    last.reset();
    fill(pool, 2 << 20, 1);
    return 0;
}
