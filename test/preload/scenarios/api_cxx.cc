/* Scopes in C++: left by exceptions, around containers, handed to threads; a class whose objects have a tag. */
#include "api.h"

#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static tm_tag outer, inner;

static void throws(int depth)
{
    trackmalloc::scope scope(inner);
    std::string some(1000, 'x');
    if (depth == 0)
        throw std::runtime_error("out");
    throws(depth - 1);
}

/* "outer" has what the exceptions' handling allocates between scopes, if anything: nothing of it stays. */
static void exceptions()
{
    for (int round = 0; round < 1000; round++) {
        tm_scope(outer);
        try {
            throws(round % 20);
        } catch (const std::exception &) {
            CLAIM(tm_current() == outer && tm_depth() == present);
        }
        tm_push(inner); /* left open: the scope around it ends it */
    }
    CLAIM(tm_depth() == 0);
    if (present)
        CLAIM(tag_info(inner, 0).counts.live_blocks == 0 && tag_info(inner, 0).counts.allocated_blocks >= 1000);
}

struct record {
    int number[10];

    static tm_tag tag;
    static void *operator new(size_t size)
    {
        void *block = tm_malloc(tag, size);
        if (block == nullptr)
            throw std::bad_alloc();
        return block;
    }
    static void operator delete(void *block)
    {
        free(block);
    }
};

tm_tag record::tag;

/* In all: "records" keeps 3 of 5 blocks of 40 bytes. */
static void objects()
{
    record::tag = tag_named("records");
    record *records[5];
    for (auto &one : records)
        one = new record();
    delete records[1];
    delete records[3];
    CLAIM(!present || tag_holds(record::tag, 3, 120, 5));
    hide(records);
}

static void made()
{
    char *single = static_cast<char *>(hide(new char));
    char *array = static_cast<char *>(hide(new char[10]));
    if (present) {
        CLAIM(block_info(single).made == TM_MADE_NEW && block_info(array).made == TM_MADE_NEW_ARRAY);
        CLAIM(tm_retag(array, outer) == TM_OK && block_info(array).made == TM_MADE_NEW_ARRAY);
    }
    delete single;
    delete[] array;
}

/* In all: "map" keeps what 1,000 entries take, and "vector" one block of 4,000 bytes. */
static void containers()
{
    tm_tag map_tag = tag_named("map");
    tm_tag vector_tag = tag_named("vector");
    auto *map = new std::map<int, int>();
    auto *vector = new std::vector<int>();
    {
        tm_scope(map_tag);
        for (int i = 0; i < 1000; i++)
            (*map)[i] = i;
        trackmalloc::scope within(vector_tag);
        vector->resize(1000);
    }
    for (int i = 0; i < 500; i++)
        (*map)[i]++;
    CLAIM(!present || tag_info(map_tag, 0).counts.live_blocks == 1000);
    CLAIM(!present || tag_holds(vector_tag, 1, 4000, 1));
    hide(map), hide(vector);
}

static void threads()
{
    tm_tag tag = tag_named("thread");
    auto work = [tag](int bytes) {
        CLAIM(tm_current() == tag && tm_depth() == present);
        void *block = hide(malloc(static_cast<size_t>(bytes)));
        CLAIM(!present || is_tagged(block, tag));
    };
    std::thread plain, inheriting;
    {
        tm_scope(tag);
        plain = std::thread([] { CLAIM(tm_current() == TM_UNTAGGED && tm_depth() == 0); });
        inheriting = std::thread(trackmalloc::inherit(work), 50);
    }
    plain.join();
    inheriting.join();
}

int main()
{
    present = tm_tag_count() != 0;
    outer = tag_named("outer");
    inner = tag_named("outer/inner");
    exceptions();
    objects();
    made();
    containers();
    threads();
    puts("done");
    return 0;
}
