#include "report/log_file.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <sstream>

#include "core/io_failure.h"

namespace adaptune {

LogFile::LogFile(const std::filesystem::path& file) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    logger_ = std::make_shared<spdlog::logger>("run", std::move(sink));
  } catch (const spdlog::spdlog_ex&) {
    throw io_failure(file, "write", errno);
  }
  logger_->set_pattern("%Y-%m-%dT%H:%M:%SZ %v", spdlog::pattern_time_type::utc);
  logger_->flush_on(spdlog::level::info);
}

void LogFile::write(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) logger_->info("{}", line);
}

}  // namespace adaptune
