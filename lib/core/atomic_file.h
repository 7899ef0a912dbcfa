#pragma once
// Writing that leaves either the old state or the complete new one, whatever happens in between.
// All functions throw IoError with the absolute path, the system's reason and a remedy; a temporary file
// or folder of theirs is removed before they throw.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace adaptune {

class OpenFile;

// Writes a file beside it, `<destination>.<16 hexadecimal digits>.tmp`, fsyncs it, renames it over
// `destination`, fsyncs the folder. A link stays: the file it points to is replaced. A device or FIFO is
// written as it is. Several processes may write the same file at once: one of them wins whole.
void write_file_atomically(const std::filesystem::path& destination, const std::string& bytes);
// The same for what is too large to hold: `fill` writes it piece by piece. What it throws passes on. One
// process at a time: the file beside it is always `<destination>.tmp`, so that what a dying process left of
// it is not there twice.
void write_file_atomically(const std::filesystem::path& destination,
                           const std::function<void(OpenFile&)>& fill);

// Removes from a folder what processes left that died in the first write_file_atomically: files of its
// temporary names alone, and only if they have not changed for an hour.
void remove_stale_temporaries(const std::filesystem::path& folder);

// Calls `fill` with the temporary folder `<destination>.tmp` (empty, created), fsyncs every file in it and
// the folder, then renames it to `destination`. An existing one is exchanged with it in one step and removed
// afterwards; on a file system that cannot exchange, it is moved to `<destination>.old` for that moment, and
// the next call puts it back if the process died there. What `fill` throws passes on (a
// std::filesystem::filesystem_error as IoError), with the old state in place.
void write_folder_atomically(const std::filesystem::path& destination,
                             const std::function<void(const std::filesystem::path&)>& fill);

// Points the relative symbolic link `link` at `target` (a name in the same folder) by rename.
void replace_link(const std::filesystem::path& link, const std::string& target);

void create_folders(const std::filesystem::path& path);  // with parents; fine when it exists
// That this user could write to the folder, or to the nearest existing one it would be made in.
void check_writable(const std::filesystem::path& path);
std::string read_file(const std::filesystem::path& path);  // whole file; InputError when missing
// Adds `line` and a line break, creating the file. A line that does not fit is taken back whole.
void append_line(const std::filesystem::path& path, const std::string& line);
// Bytes free for this user on the file system that holds `path` (or its nearest existing parent).
uint64_t free_disk_bytes(const std::filesystem::path& path);
// Whether both paths (or their nearest existing parents) are on one file system.
bool on_one_disk(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace adaptune
