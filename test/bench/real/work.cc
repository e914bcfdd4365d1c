// An index of a text: words are cut out, looked up, counted and sorted; then it answers questions.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

static uint32_t next(uint32_t &state)
{
    return state = state * 1664525u + 1013904223u;
}

static std::string make_text(size_t words)
{
    std::string text;
    uint32_t state = 1;
    for (size_t i = 0; i < words; i++) {
        uint32_t rare = next(state) >> 20, common = rare * rare >> 11;
        text += (common % 3 ? "word-" : "a-longer-word-than-most-") + std::to_string(common);
        text += i % 12 == 11 ? '\n' : ' ';
    }
    return text;
}

int main()
{
    std::istringstream text(make_text(250000));
    std::map<std::string, std::vector<int>> index;
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
        std::istringstream words(line);
        for (std::string word; words >> word;)
            index[word].push_back(static_cast<int>(lines.size()));
        lines.push_back(std::move(line));
    }

    std::vector<std::pair<size_t, std::string>> common;
    for (const auto &[word, places] : index)
        common.emplace_back(places.size(), word);
    std::sort(common.rbegin(), common.rend());

    std::unordered_map<std::string, uint64_t> asked;
    uint32_t state = 2;
    uint64_t total = common.front().first;
    for (int i = 0; i < 200000; i++) {
        const std::string &word = common[(next(state) >> 12) % common.size()].second;
        const auto &places = index.find(word)->second;
        const std::string &line = lines[static_cast<size_t>(places[static_cast<size_t>(i) % places.size()])];
        total += line.find(word) + ++asked[word];
    }
    std::sort(lines.begin(), lines.end());
    std::printf("%zu %zu %llu\n", index.size(), lines.size(), static_cast<unsigned long long>(total));
}
