// idles_cxx WAY MS: a C++ program, linked with libstdc++, that makes 200 blocks, then waits in one call.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "waits.h"

int main(int argc, char **argv)
{
    MUST(argc == 3);
    std::vector<std::unique_ptr<std::string>> kept;
    for (int i = 0; i < 100; i++)
        kept.push_back(std::make_unique<std::string>(100, 'x'));
    wait_in(argv[1], (unsigned)atoi(argv[2]));
    return kept.size() == 100 ? 0 : 1;
}
