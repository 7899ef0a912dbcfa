#pragma once
// Greedy longest-match-first splitting of a word (Wu et al. 2016; as in Devlin et al. 2019).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace adaptune {

// A piece of a word: bytes [begin, end).
struct WordPiecePiece {
  int32_t id;
  std::size_t begin, end;
};

// Looks up prefixes of a text without allocating. Borrows the tokens: they must outlive it.
class TokenTable {
 public:
  struct Entry {
    std::string_view token;
    int32_t id;
  };
  explicit TokenTable(const std::vector<Entry>& entries);  // of equal tokens the last counts
  int32_t find(std::string_view token) const;              // -1: not there
  // The longest token that starts `text`; size 0 (id -1) if none does. `hashes` is working space.
  struct Match {
    int32_t id;
    std::size_t size;
  };
  Match longest_prefix(std::string_view text, std::vector<uint64_t>& hashes) const;

 private:
  struct Slot {
    uint64_t hash = 0;
    std::string_view token;
    int32_t id = -1;
  };
  int32_t find(std::string_view token, uint64_t hash) const;

  std::vector<Slot> slots_;  // open addressing; a power of two
  std::size_t longest_ = 0;  // bytes
};

class WordPiece {
 public:
  // `tokens` by id, "" where there is none; `prefix` marks a continuation ("##").
  WordPiece(const std::vector<std::string>& tokens, const std::string& prefix);

  int32_t find(std::string_view token) const { return initial_.find(token); }
  // Replaces `pieces`. False (and no use of them) where the word cannot be split: it is unknown.
  struct Workspace {
    std::vector<WordPiecePiece> pieces;
    std::vector<uint64_t> hashes;
  };
  bool split(std::string_view word, Workspace& workspace) const;

 private:
  TokenTable initial_, continuation_;
};

}  // namespace adaptune
