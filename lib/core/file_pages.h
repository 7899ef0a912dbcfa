#pragma once

#include <cstddef>

namespace adaptune {

// Memory that a mapped file fills: what has been read from it and is not needed any more can be given back,
// since the file still has it.

// A private mapping [data, data + size) that nobody writes to, from its making to its end.
void add_file_pages(const void* data, std::size_t size);
void remove_file_pages(const void* data);
// Gives back the pages of [data, data + size), and those that reading it has brought along, if it lies in
// such a mapping; a later read loads them again. Anything else is left alone. For several threads at once.
void release_file_pages(const void* data, std::size_t size);

}  // namespace adaptune
