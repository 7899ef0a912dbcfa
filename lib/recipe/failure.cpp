#include "recipe/failure.h"

#include <c10/util/Exception.h>

#include <filesystem>
#include <new>

#include "core/io_failure.h"

namespace adaptune {
namespace {

Failure out_of_memory(const std::string& what) {
  return {ExitCode::kOutOfMemory,
          "error: out of memory: " + what +
              "\n     try a smaller train.per_device_train_batch_size with more "
              "train.gradient_accumulation_steps (the same result), or a smaller data.max_seq_length"};
}

Failure internal_error(const std::string& what, bool verbose) {
  return {ExitCode::kInternal,
          "error: internal: " + what.substr(0, verbose ? std::string::npos : what.find('\n')) +
              "\n     this is a bug of adaptune: please report it with the command, "
              "the output of -v and of 'adaptune doctor'"};
}

}  // namespace

Failure current_failure(bool verbose) {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error_text(error.what())};
  } catch (const std::filesystem::filesystem_error& error) {
    const auto failure = io_failure(error.path1(), "access", error.code().value());
    return {failure.code(), error_text(failure.what())};
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

}  // namespace adaptune
