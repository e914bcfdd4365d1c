// A lending library in C++: containers, exceptions, streams and threads, as the standard library allocates them.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

struct Book {
    std::string title;
    std::vector<std::string> readers;
    std::shared_ptr<Book> sequel;
    virtual ~Book() = default;
};

struct alignas(64) Rare : Book {
    unsigned char cover[192] = {};
};

struct NoSuchBook : std::runtime_error {
    explicit NoSuchBook(const std::string &title) : std::runtime_error("no such book: " + title) {}
};

class Library {
public:
    void add(std::unique_ptr<Book> book)
    {
        std::lock_guard hold(lock_);
        auto title = book->title;
        books_[title] = std::move(book);
    }

    void lend(const std::string &title, const std::string &reader)
    {
        std::lock_guard hold(lock_);
        auto found = books_.find(title);
        if (found == books_.end())
            throw NoSuchBook(title);
        found->second->readers.push_back(reader);
    }

    std::string card(const std::string &title)
    {
        std::ostringstream card;
        auto &readers = books_.at(title)->readers;
        std::sort(readers.begin(), readers.end());
        card << title << ": " << readers.size() << " readers, first " << (readers.empty() ? "-" : readers.front());
        return card.str();
    }

private:
    std::mutex lock_;
    std::map<std::string, std::unique_ptr<Book>> books_;
};

void read_much(Library &library, unsigned desk, unsigned &refused)
{
    std::unordered_map<std::string, unsigned> asked;
    for (unsigned n = 0; n < 4000; n++) {
        std::string title = "A long enough title, number " + std::to_string((n * 7 + desk) % 120);
        asked[title]++;
        try {
            library.lend(title, "reader " + std::to_string(desk * 10000 + n));
        } catch (const NoSuchBook &) {
            refused++;
        }
    }
}

} // namespace

int main()
{
    Library library;
    for (unsigned n = 0; n < 100; n++) {
        std::unique_ptr<Book> book = n % 3 ? std::make_unique<Book>() : std::make_unique<Rare>();
        book->title = "A long enough title, number " + std::to_string(n);
        book->sequel = std::make_shared<Book>();
        if (n % 3 == 0 && reinterpret_cast<std::uintptr_t>(book.get()) % 64 != 0)
            std::cout << "a rare book stands askew\n";
        library.add(std::move(book));
    }
    unsigned refused[4] = {};
    std::vector<std::thread> desks;
    for (unsigned desk = 0; desk < 4; desk++)
        desks.emplace_back(read_much, std::ref(library), desk, std::ref(refused[desk]));
    for (auto &desk : desks)
        desk.join();
    std::regex number("number ([0-9]+)5$");
    for (unsigned n = 0; n < 100; n++) {
        std::string title = "A long enough title, number " + std::to_string(n);
        if (std::regex_search(title, number))
            std::cout << library.card(title) << "\n";
    }
    std::cout << "refused: " << refused[0] + refused[1] + refused[2] + refused[3] << std::endl;
    return 3;
}
