/* C++: a class whose objects have a tag, containers whose elements have one, and scopes that exceptions leave. */
#include "counted.h"

#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

/* ---- a tag as a type ---- */

/* What the program itself knows that it holds: only so that it can be compared with what the library counts. */
struct books {
    size_t blocks = 0, bytes = 0;
};

struct orders {
    static constexpr const char *name = "market/orders";
    static books held;
};

struct prices {
    static constexpr const char *name = "market/prices";
    static books held;
};

books orders::held, prices::held;

/* Registered at the first use; so it works in constructors of globals, whatever their order. */
template <class Part> tm_tag tag_of()
{
    static const tm_tag tag = tm_tag_register(Part::name, nullptr);
    return tag;
}

template <class Part> void *part_allocate(size_t size)
{
    void *block = tm_malloc(tag_of<Part>(), size);
    if (block == nullptr)
        throw std::bad_alloc();
    Part::held.blocks += 1;
    Part::held.bytes += size;
    return block;
}

template <class Part> void part_free(void *block, size_t size) noexcept
{
    free(block);
    Part::held.blocks -= 1;
    Part::held.bytes -= size;
}

template <class Part> void report()
{
    printf("%s: %zu blocks, %zu bytes (trackmalloc: %s)\n", Part::name, Part::held.blocks, Part::held.bytes,
           counted(tag_of<Part>()));
}

/* ---- a class ---- */

/* `new order` is market/orders', whoever writes it. The destructor is virtual, so delete gets the size of what was
 * made. */
struct order {
    int amount;

    explicit order(int amount) : amount(amount)
    {
        if (amount <= 0)
            throw std::invalid_argument("nothing ordered");
    }
    virtual ~order() = default;

    static void *operator new(size_t size)
    {
        return part_allocate<orders>(size);
    }
    static void operator delete(void *block, size_t size) noexcept
    {
        part_free<orders>(block, size);
    }
};

struct limit_order : order {
    double limit;

    limit_order(int amount, double limit) : order(amount), limit(limit)
    {
    }
};

static void objects()
{
    std::vector<std::unique_ptr<order>> book;
    for (int i = 1; i <= 10; i++)
        book.emplace_back(i % 2 == 0 ? new order(i) : new limit_order(i, 1.5));
    report<orders>();
    book.resize(3);
    report<orders>();
    try {
        book.emplace_back(new limit_order(0, 1.5)); /* the constructor throws: C++ gives the block back */
    } catch (const std::invalid_argument &) {
        report<orders>();
    }
}

/* ---- containers ---- */

/* For any container of the standard library: its elements, nodes and tables are that part's. */
template <class T, class Part> struct part_allocator {
    using value_type = T;
    template <class U> struct rebind {
        using other = part_allocator<U, Part>;
    };

    part_allocator() = default;
    template <class U> part_allocator(const part_allocator<U, Part> &)
    {
    }
    T *allocate(size_t count)
    {
        return static_cast<T *>(part_allocate<Part>(count * sizeof(T)));
    }
    void deallocate(T *block, size_t count) noexcept
    {
        part_free<Part>(block, count * sizeof(T));
    }
    template <class U> bool operator==(const part_allocator<U, Part> &) const
    {
        return true;
    }
    template <class U> bool operator!=(const part_allocator<U, Part> &) const
    {
        return false;
    }
};

template <class T> using price_vector = std::vector<T, part_allocator<T, prices>>;
template <class K, class V>
using price_map = std::map<K, V, std::less<K>, part_allocator<std::pair<const K, V>, prices>>;

static void containers()
{
    static auto &latest = *new price_map<int, double>(); /* never destroyed: the exit report shows it */
    price_vector<double> history;
    for (int day = 0; day < 365; day++) {
        latest[day % 50] = day;
        history.push_back(day);
    }
    report<prices>();
    history = price_vector<double>();
    latest.erase(latest.begin(), latest.find(40));
    report<prices>();
}

/* ---- scopes and exceptions ---- */

static int parsed(const std::string &text)
{
    std::string copy(100 + text.size(), ' '); /* plain code, which knows nothing of tags */
    if (text.empty())
        throw std::invalid_argument("no number");
    return std::stoi(text);
}

/* However deep an exception is thrown, the scopes that it passes end. */
static void scopes()
{
    const tm_tag parser = tm_tag_register("parser", nullptr), numbers = tm_tag_register("parser/numbers", nullptr);
    std::vector<int> *found = nullptr;
    int failures = 0;
    for (const char *text : {"17", "", "four", "4"}) {
        tm_scope(parser);
        try {
            int number = parsed(text);
            trackmalloc::scope within(numbers);
            if (found == nullptr)
                found = new std::vector<int>();
            found->push_back(number);
        } catch (const std::exception &) {
            failures++;
        }
    }
    printf("parsed %zu, refused %d; %d scopes open\n", found->size(), failures, tm_depth());
    printf("parser: 0 blocks, 0 bytes (trackmalloc: %s)\n", counted(parser));
    printf("parser/numbers: 2 blocks, %zu bytes (trackmalloc: %s)\n", sizeof *found + found->capacity() * sizeof(int),
           counted(numbers));
    delete found;
}

int main()
{
    puts(tm_tag_count() != 0 ? "tracked" : "not tracked");
    objects();
    containers();
    scopes();
}
