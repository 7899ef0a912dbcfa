#include "core/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/full_disk.h"
#include "core/open_file.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

// The text of the IoError that `action` throws; empty when it throws nothing.
template <typename Action>
std::string io_error_of(Action action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.code() == ExitCode::kIo ? error.what() : "wrong exit code";
  }
  return "";
}

// Names in a folder, sorted and joined by spaces.
std::string names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

const std::string kMuch(200000, 'x');

}  // namespace

TEST_CASE("a file is written whole, replaced whole, and leaves no temporary") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "state.json";
  write_file_atomically(path, "first");
  CHECK(bytes_of(path) == "first");
  const std::string bytes("second\0and more", 15);
  write_file_atomically(path, bytes);
  CHECK(bytes_of(path) == bytes);
  write_file_atomically(path, "");
  CHECK(bytes_of(path).empty());
  CHECK(names_in(folder.path()) == "state.json");
}

TEST_CASE("what a dead process left of a file goes, what another one writes stays") {
  const TemporaryFolder folder;
  const std::vector<std::string> old = {"state.json.0123456789abcdef.tmp", "state.json", "of the user.tmp",
                                        "notes.0123.tmp"};
  for (const auto& name : old)
    fs::last_write_time(folder.write(name, "x"), fs::file_time_type::clock::now() - std::chrono::hours(24));
  folder.write("results.json.fedcba9876543210.tmp", "just now");
  remove_stale_temporaries(folder.path());
  CHECK(names_in(folder.path()) ==
        "notes.0123.tmp of the user.tmp results.json.fedcba9876543210.tmp state.json");
}

TEST_CASE("a file that does not fit leaves the old one and no temporary") {
  const TemporaryFolder folder;
  const auto path = folder.write("state.json", "old");
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message = io_error_of([&] { write_file_atomically(path, kMuch); });
  }
  CHECK_THAT(message, Contains(path.string()));
  CHECK_THAT(message, Contains("File too large"));
  CHECK_THAT(message, Contains("ulimit -f"));
  CHECK(bytes_of(path) == "old");
  CHECK(names_in(folder.path()) == "state.json");
}

TEST_CASE("a full disk leaves the old file and folder, no temporary, and says what to do") {
  const TemporaryFolder folder;
  const auto& disk = folder.path();
  const std::string seen = on_small_disk(disk, [&] {
    write_file_atomically(disk / "file", "old");
    write_folder_atomically(disk / "step-1",
                            [](const fs::path& step) { write_file_atomically(step / "a", "old"); });
    const std::string file = io_error_of([&] { write_file_atomically(disk / "file", kMuch); });
    const std::string in_folder = io_error_of([&] {
      write_folder_atomically(disk / "step-1",
                              [](const fs::path& step) { write_file_atomically(step / "a", kMuch); });
    });
    const std::string line = io_error_of([&] { append_line(disk / "log", kMuch); });
    return file + "\n" + in_folder + "\n" + line + "\n" + bytes_of(disk / "file") + " " +
           bytes_of(disk / "step-1" / "a") + " " + std::to_string(fs::file_size(disk / "log")) + " " +
           names_in(disk);
  });
  if (seen == "no permission") {
    WARN("mounting a small file system is not permitted here: the full disk was not tried");
    return;
  }
  const std::string reason =
      ": cannot write: No space left on device; free some space or choose another output folder\n";
  CHECK(seen == (disk / "file").string() + reason + (disk / "step-1.tmp" / "a").string() + reason +
                    (disk / "log").string() + reason + "old old 0 file log step-1");
}

TEST_CASE("links, devices and FIFOs stay what they are") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "file", link = folder.path() / "link", fifo = folder.path() / "fifo";
  fs::create_symlink("file", link);
  write_file_atomically(link, "through a link");
  CHECK(fs::is_symlink(link));
  CHECK(bytes_of(file) == "through a link");

  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const OpenFile reader(fifo, O_RDWR);  // else opening it for writing would wait for one
  write_file_atomically(fifo, "through a FIFO");
  CHECK(fs::is_fifo(fifo));

  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  write_file_atomically("/proc/self/fd/" + std::to_string(pipe[1]), "pipe");
  std::string bytes(4, ' ');
  CHECK(::read(pipe[0], bytes.data(), bytes.size()) == 4);
  CHECK(bytes == "pipe");
  for (const int end : pipe) ::close(end);

  // By a link of this folder: code that replaced it would do no harm to the machine.
  fs::create_symlink("/dev/full", folder.path() / "device");
  CHECK_THAT(io_error_of([&] { write_file_atomically(folder.path() / "device", "x"); }),
             Contains("No space left"));
  CHECK(fs::is_symlink(folder.path() / "device"));
}

TEST_CASE("a link to itself is an error, not an endless search") {
  const TemporaryFolder folder;
  fs::create_symlink("loop", folder.path() / "loop");
  CHECK_THAT(io_error_of([&] { write_file_atomically(folder.path() / "loop", "x"); }),
             Contains("Too many levels of symbolic links"));
}

TEST_CASE("a file in a folder that is missing names the folder's remedy") {
  const TemporaryFolder folder;
  const auto message = io_error_of([&] { write_file_atomically(folder.path() / "no" / "file", "x"); });
  CHECK_THAT(message, Contains("No such file or directory; create the folder first"));
}

TEST_CASE("a folder is written whole and replaced whole") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "step-5";
  write_folder_atomically(path, [&](const fs::path& step) {
    CHECK(step == folder.path() / "step-5.tmp");
    CHECK(fs::is_empty(step));
    CHECK_FALSE(fs::exists(path));
    folder.write("step-5.tmp/old", "1");
    fs::create_directory(step / "below");
    folder.write("step-5.tmp/below/deep", "2");
  });
  CHECK(bytes_of(path / "old") == "1");
  CHECK(bytes_of(path / "below" / "deep") == "2");

  write_folder_atomically(path.string() + "/", [&](const fs::path& step) {
    CHECK(fs::exists(path / "old"));
    write_file_atomically(step / "new", "3");
  });
  CHECK(names_in(path) == "new");
  CHECK(names_in(folder.path()) == "step-5");
}

TEST_CASE("a folder whose filling fails leaves the old one and no temporary") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  write_folder_atomically(path, [](const fs::path& step) { write_file_atomically(step / "a", "old"); });

  const auto fill_badly = [](const fs::path& step) {
    write_file_atomically(step / "a", "half");
    throw InputError("no weights");
  };
  CHECK_THROWS_AS(write_folder_atomically(path, fill_badly), InputError);
  CHECK(bytes_of(path / "a") == "old");
  CHECK(names_in(folder.path()) == "adapter");

  const auto message = io_error_of([&] {
    write_folder_atomically(path, [](const fs::path& step) { fs::copy_file(step / "none", step / "b"); });
  });
  CHECK_THAT(message, Contains("none") && Contains("No such file"));
  CHECK(names_in(folder.path()) == "adapter");

  {
    const FileSizeLimit limit(1000);
    CHECK_THROWS_AS(
        write_folder_atomically(path, [](const fs::path& step) { write_file_atomically(step / "a", kMuch); }),
        IoError);
  }
  CHECK(bytes_of(path / "a") == "old");
  CHECK(names_in(folder.path()) == "adapter");
}

TEST_CASE("what a killed process left behind is cleaned up") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  fs::create_directory(folder.path() / "adapter.tmp");
  folder.write("adapter.tmp/torn", "half");
  fs::create_directory(folder.path() / "adapter.old");
  folder.write("adapter.old/a", "whole");

  CHECK_THROWS_AS(write_folder_atomically(path, [](const fs::path&) { throw InputError("again"); }),
                  InputError);
  CHECK(bytes_of(path / "a") == "whole");
  write_folder_atomically(path, [](const fs::path& step) { write_file_atomically(step / "b", "new"); });
  CHECK(names_in(path) == "b");
  CHECK(names_in(folder.path()) == "adapter");
}

TEST_CASE("a link is created and repointed") {
  const TemporaryFolder folder;
  const auto link = folder.path() / "best";
  fs::create_directory(folder.path() / "step-1");
  replace_link(link, "step-1");
  CHECK(fs::read_symlink(link) == "step-1");
  CHECK(fs::is_directory(link));
  replace_link(link, "step-2");
  CHECK(fs::read_symlink(link) == "step-2");
  CHECK(names_in(folder.path()) == "best step-1");
  CHECK_THROWS_AS(replace_link(folder.path() / "step-1", "step-2"), IoError);
  CHECK(names_in(folder.path()) == "best step-1");
}

TEST_CASE("folders are created with their parents") {
  const TemporaryFolder folder;
  create_folders(folder.path() / "a" / "b");
  create_folders(folder.path() / "a" / "b");
  CHECK(fs::is_directory(folder.path() / "a" / "b"));
  folder.write("file", "");
  CHECK_THAT(io_error_of([&] { create_folders(folder.path() / "file"); }),
             Contains("/file: cannot create the folder: File exists; a file has this name"));
  CHECK_THAT(io_error_of([&] { create_folders(folder.path() / "file" / "below"); }),
             Contains("Not a directory; a part of the path is a file"));
}

TEST_CASE("a file is read whole; a missing one is bad input") {
  const TemporaryFolder folder;
  const std::string bytes = kMuch + std::string("\0\n", 2);
  CHECK(read_file(folder.write("file", bytes)) == bytes);
  CHECK_THAT(input_error_of([&] { read_file(folder.path() / "none"); }),
             Contains((folder.path() / "none").string()) && Contains("no such file"));
  CHECK_THAT(input_error_of([&] { read_file(folder.path()); }), Contains("is a folder"));
}

TEST_CASE("lines are appended, and one that does not fit is taken back whole") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "metrics.jsonl";
  append_line(path, "{\"step\":1}");
  append_line(path, "{\"step\":2}");
  CHECK(bytes_of(path) == "{\"step\":1}\n{\"step\":2}\n");
  {
    const FileSizeLimit limit(1000);
    CHECK_THROWS_AS(append_line(path, kMuch), IoError);
  }
  CHECK(bytes_of(path) == "{\"step\":1}\n{\"step\":2}\n");
  CHECK_THAT(io_error_of([] { append_line("/dev/full", "line"); }),
             Contains("/dev/full: cannot write: No space left on device; free some space"));
}

TEST_CASE("free space is that of the nearest folder that exists") {
  const TemporaryFolder folder;
  CHECK(free_disk_bytes(folder.path()) > 0);
  CHECK(free_disk_bytes(folder.path() / "not" / "yet") > 0);
  CHECK(free_disk_bytes("not_yet") > 0);
  const std::string seen = on_small_disk(
      folder.path(), [&] { return std::to_string(free_disk_bytes(folder.path() / "not" / "yet")); });
  if (seen != "no permission") CHECK(std::stoull(seen) <= 65536);
}

}  // namespace adaptune
