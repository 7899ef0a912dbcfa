#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace adaptune {

// What went wrong with the command line, printed; --help and --version are no errors. Returns 0 or 2.
int usage_status(const CLI::App& app, const CLI::ParseError& error);
// Prints the exception being handled as one message and returns its exit status.
int report_failure(bool verbose);
// A command's words without what would make it begin anew: --overwrite, --resume never.
std::vector<std::string> resuming(const std::vector<std::string>& words);

}  // namespace adaptune
