// fixture_runner DIR... [--filter PREFIX]...: runs the golden cases under each folder and compares them with
// what the reference libraries computed.

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "core/error.h"
#include "fixture_run.h"

namespace adaptune {
namespace {

struct Arguments {
  std::vector<std::string> folders, prefixes;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--filter") {
      if (++i == argc) throw UsageError("--filter: a prefix of case names is expected");
      arguments.prefixes.push_back(argv[i]);
    } else if (argument.rfind("--", 0) == 0) {
      throw UsageError("'" + argument + "' is not known; usage: fixture_runner DIR... [--filter PREFIX]...");
    } else {
      arguments.folders.push_back(argument);
    }
  }
  if (arguments.folders.empty()) throw UsageError("usage: fixture_runner DIR... [--filter PREFIX]...");
  return arguments;
}

bool is_wanted(const std::string& name, const std::vector<std::string>& prefixes) {
  for (const auto& prefix : prefixes) {
    if (name.rfind(prefix, 0) == 0) return true;
  }
  return prefixes.empty();
}

int run(const Arguments& arguments) {
  const auto not_yet = read_not_yet(NOT_YET);
  int counts[3] = {0, 0, 0};
  for (const auto& folder : arguments.folders) {
    for (const auto& path : find_cases(folder)) {
      const std::string name = path.filename().string();
      if (!is_wanted(name, arguments.prefixes)) continue;
      const auto result = run_case(path, not_yet);
      ++counts[static_cast<int>(result.outcome)];
      const char* words[] = {"passed ", "FAILED ", "skipped"};
      std::printf("%s  %-36s %s\n", words[static_cast<int>(result.outcome)], name.c_str(),
                  result.text.c_str());
      std::fflush(stdout);
    }
  }
  std::printf("%d passed, %d failed, %d skipped\n", counts[0], counts[1], counts[2]);
  const bool nothing = counts[0] + counts[1] + counts[2] == 0;
  if (nothing) std::fprintf(stderr, "no case matches\n");
  return counts[1] > 0 || nothing ? 1 : 0;
}

}  // namespace
}  // namespace adaptune

int main(int argc, char** argv) {
  try {
    return adaptune::run(adaptune::parse(argc, argv));
  } catch (const adaptune::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
