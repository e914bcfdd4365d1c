// Containers, streams, regular expressions, threads, exceptions.
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::size_t words_of(int seed)
{
    std::map<std::string, std::shared_ptr<std::vector<int>>> found;
    for (int i = 0; i < 20000; i++) {
        std::ostringstream word;
        word << "word number " << i * seed % 401;
        auto &numbers = found[word.str()];
        if (!numbers)
            numbers = std::make_shared<std::vector<int>>();
        numbers->push_back(i);
    }
    return found.size();
}

int main(int argc, char **)
{
    std::size_t sums[3] = {};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++)
        threads.emplace_back([&sums, i] { sums[i] = words_of(i + 3); });
    for (auto &thread : threads)
        thread.join();
    std::cout << sums[0] << ' ' << sums[1] << ' ' << sums[2] << '\n';
    std::cout << std::regex_replace(std::string("one two three"), std::regex("(t)([a-z]+)"), "$2$1") << std::endl;
    try {
        std::string().at(5);
    } catch (const std::out_of_range &) {
        std::cout << "out of range" << std::endl;
    }
    if (argc > 1)
        throw std::runtime_error("nobody catches this");
    return 4;
}
