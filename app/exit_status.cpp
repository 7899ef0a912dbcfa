#include "exit_status.h"

#include <c10/util/Exception.h>

#include <filesystem>
#include <iostream>
#include <new>

#include "core/error.h"
#include "core/io_failure.h"

namespace adaptune {
namespace {

int fail(ExitCode code, const std::string& message) {
  std::cerr << error_text(message) << std::endl;
  return static_cast<int>(code);
}

int out_of_memory(const std::string& what) {
  return fail(ExitCode::kOutOfMemory,
              "out of memory: " + what +
                  "\n     try a smaller train.per_device_train_batch_size with more "
                  "train.gradient_accumulation_steps (the same result), or a smaller data.max_seq_length");
}

int internal_error(const std::string& what, bool verbose) {
  const auto line = what.substr(0, verbose ? std::string::npos : what.find('\n'));
  return fail(ExitCode::kInternal, "internal: " + line +
                                       "\n     this is a bug of adaptune: please report it with the command, "
                                       "the output of -v and of 'adaptune doctor'");
}

}  // namespace

int usage_status(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  std::cerr << "error: " << error.what() << "\n     see adaptune --help, or adaptune COMMAND --help"
            << std::endl;
  return static_cast<int>(ExitCode::kUsage);
}

int report_failure(bool verbose) {
  try {
    throw;
  } catch (const Error& error) {
    return fail(error.code(), error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    const auto failure = io_failure(error.path1(), "access", error.code().value());
    return fail(failure.code(), failure.what());
  } catch (const c10::OutOfMemoryError& error) {
    return out_of_memory(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return out_of_memory("the system has no memory left");
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    if (text.find("not enough memory") != std::string::npos) return out_of_memory(text);
    return internal_error(verbose ? error.what() : text, verbose);
  } catch (const std::exception& error) {
    return internal_error(error.what(), verbose);
  }
}

std::string shell_line(int argc, char** argv) {
  std::string line = "adaptune";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool plain =
        !word.empty() && word.find_first_of(" \t\n'\"$`\\{}[]*?~|&;<>()#!") == std::string::npos;
    line += " " + (plain ? word : "'" + word + "'");
  }
  return line;
}

}  // namespace adaptune
