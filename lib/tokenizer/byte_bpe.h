#pragma once
// Byte pair encoding over the bytes of a word (Sennrich et al. 2016; Radford et al. 2019).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace adaptune {

// Vocabularies of byte-level BPE write each byte as a character of its own that can be seen: "Ġ" is a blank.
std::string bytes_as_characters(std::string_view bytes);
// The bytes of a token; empty where it has other characters.
std::optional<std::string> characters_as_bytes(std::string_view token);

// A part of a word: bytes [begin, end).
struct BpePiece {
  int32_t id;
  std::size_t begin, end;
};

class ByteBpe {
 public:
  using Merge = std::pair<std::string, std::string>;

  // `tokens` by id; `merges` the first first. Throws InputError for a merge whose parts or result are no
  // tokens. `unknown_id` stands for bytes that are no token; without it they are left out.
  ByteBpe(const std::vector<std::string>& tokens, const std::vector<Merge>& merges,
          std::optional<int32_t> unknown_id);

  // Of neighbours, the pair that stands first among the merges becomes one, of equal pairs the left one,
  // until none is left. Replaces `pieces`.
  struct Workspace {
    std::vector<BpePiece> pieces;
    struct Symbol {
      BpePiece piece;
      int32_t previous, next;  // -1: none
      bool merged = false;     // into the one on its left
    };
    std::vector<Symbol> symbols;
    struct Candidate {
      int32_t rank, symbol;  // the left one of a pair
      int32_t id;            // of what it becomes
    };
    std::vector<Candidate> candidates;  // a heap, the first to be merged on top
  };
  void split(std::string_view word, Workspace& workspace) const;

 private:
  struct Result {
    int32_t rank, id;
  };
  void add_candidate(int32_t left, Workspace& workspace) const;
  const Result* result_of(int32_t left, int32_t right, const Workspace& workspace) const;
  void merge(const Workspace::Candidate& candidate, Workspace& workspace) const;

  std::array<int32_t, 256> byte_ids_;  // -1: not a token
  std::unordered_map<uint64_t, Result> merges_;
};

}  // namespace adaptune
