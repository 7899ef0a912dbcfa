#include "tokenizer/wordpiece.h"

#include <algorithm>

namespace adaptune {
namespace {

constexpr uint64_t kHashStart = 0xCBF29CE484222325;  // FNV-1a

uint64_t extend_hash(uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
}

// FNV's low bits are weak: fold the high ones in before they choose a slot.
std::size_t slot_of(uint64_t hash, std::size_t mask) { return (hash ^ (hash >> 29)) & mask; }

std::vector<TokenTable::Entry> initial_tokens(const std::vector<std::string>& tokens) {
  std::vector<TokenTable::Entry> entries;
  for (std::size_t id = 0; id < tokens.size(); ++id)
    entries.push_back({tokens[id], static_cast<int32_t>(id)});
  return entries;
}

std::vector<TokenTable::Entry> continuation_tokens(const std::vector<std::string>& tokens,
                                                   const std::string& prefix) {
  std::vector<TokenTable::Entry> entries;
  for (const auto& entry : initial_tokens(tokens)) {
    if (entry.token.substr(0, prefix.size()) == prefix) {
      entries.push_back({entry.token.substr(prefix.size()), entry.id});
    }
  }
  return entries;
}

}  // namespace

TokenTable::TokenTable(const std::vector<Entry>& entries) {
  std::size_t capacity = 16;
  while (capacity < 2 * entries.size()) capacity *= 2;
  slots_.resize(capacity);
  for (const auto& entry : entries) {
    if (entry.token.empty()) continue;
    uint64_t hash = kHashStart;
    for (char byte : entry.token) hash = extend_hash(hash, byte);
    std::size_t i = slot_of(hash, capacity - 1);
    while (slots_[i].id >= 0 && slots_[i].token != entry.token) i = (i + 1) & (capacity - 1);
    slots_[i] = {hash, entry.token, entry.id};
    longest_ = std::max(longest_, entry.token.size());
  }
}

int32_t TokenTable::find(std::string_view token, uint64_t hash) const {
  std::size_t mask = slots_.size() - 1;
  for (std::size_t i = slot_of(hash, mask); slots_[i].id >= 0; i = (i + 1) & mask) {
    if (slots_[i].hash == hash && slots_[i].token == token) return slots_[i].id;
  }
  return -1;
}

int32_t TokenTable::find(std::string_view token) const {
  uint64_t hash = kHashStart;
  for (char byte : token) hash = extend_hash(hash, byte);
  return find(token, hash);
}

TokenTable::Match TokenTable::longest_prefix(std::string_view text, std::vector<uint64_t>& hashes) const {
  std::size_t limit = std::min(text.size(), longest_);
  if (hashes.size() < limit) hashes.resize(limit);
  uint64_t hash = kHashStart;
  for (std::size_t i = 0; i < limit; ++i) hashes[i] = hash = extend_hash(hash, text[i]);
  for (std::size_t size = limit; size > 0; --size) {
    int32_t id = find(text.substr(0, size), hashes[size - 1]);
    if (id >= 0) return {id, size};
  }
  return {-1, 0};
}

WordPiece::WordPiece(const std::vector<std::string>& tokens, const std::string& prefix)
    : initial_(initial_tokens(tokens)), continuation_(continuation_tokens(tokens, prefix)) {}

bool WordPiece::split(std::string_view word, Workspace& workspace) const {
  workspace.pieces.clear();
  for (std::size_t begin = 0; begin < word.size();) {
    const TokenTable& table = begin == 0 ? initial_ : continuation_;
    auto match = table.longest_prefix(word.substr(begin), workspace.hashes);
    if (match.size == 0) return false;
    workspace.pieces.push_back({match.id, begin, begin + match.size});
    begin += match.size;
  }
  return true;
}

}  // namespace adaptune
