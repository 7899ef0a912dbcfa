#include "tokenizer/byte_bpe.h"

#include <algorithm>

#include "core/error.h"
#include "core/utf8.h"

namespace adaptune {
namespace {

constexpr char32_t kFirstStandIn = 0x100;  // for bytes that cannot be seen

struct ByteCharacters {
  std::array<char32_t, 256> of_byte;
  std::unordered_map<char32_t, char> byte_of;
};

bool can_be_seen(int byte) { return (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD); }

const ByteCharacters& byte_characters() {
  static const ByteCharacters characters = [] {
    ByteCharacters made;
    char32_t stand_in = kFirstStandIn;
    for (int byte = 0; byte < 256; ++byte) {
      made.of_byte[byte] = can_be_seen(byte) ? static_cast<char32_t>(byte) : stand_in++;
      made.byte_of[made.of_byte[byte]] = static_cast<char>(byte);
    }
    return made;
  }();
  return characters;
}

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

bool comes_later(const ByteBpe::Workspace::Candidate& a, const ByteBpe::Workspace::Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.symbol > b.symbol;
}

int32_t id_of(const std::unordered_map<std::string_view, int32_t>& ids, const std::string& token,
              const ByteBpe::Merge& merge) {
  auto found = ids.find(token);
  if (found != ids.end()) return found->second;
  throw InputError("BPE: the merge '" + merge.first + " " + merge.second + "' needs the token '" + token +
                   "', which is not in the vocabulary; the two files do not belong together");
}

}  // namespace

std::string bytes_as_characters(std::string_view bytes) {
  std::string text;
  for (char byte : bytes) append_utf8(text, byte_characters().of_byte[static_cast<unsigned char>(byte)]);
  return text;
}

std::optional<std::string> characters_as_bytes(std::string_view token) {
  std::string bytes;
  for (char32_t point : decode_utf8(token)) {
    auto found = byte_characters().byte_of.find(point);
    if (found == byte_characters().byte_of.end()) return std::nullopt;
    bytes += found->second;
  }
  return bytes;
}

ByteBpe::ByteBpe(const std::vector<std::string>& tokens, const std::vector<Merge>& merges,
                 std::optional<int32_t> unknown_id) {
  std::unordered_map<std::string_view, int32_t> ids;
  for (std::size_t id = 0; id < tokens.size(); ++id) ids[tokens[id]] = static_cast<int32_t>(id);
  for (int byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    auto found = ids.find(bytes_as_characters({&character, 1}));
    byte_ids_[byte] = found == ids.end() ? unknown_id.value_or(-1) : found->second;
  }
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const Merge& merge = merges[rank];
    const int32_t left = id_of(ids, merge.first, merge), right = id_of(ids, merge.second, merge);
    merges_[pair_key(left, right)] = {static_cast<int32_t>(rank),
                                      id_of(ids, merge.first + merge.second, merge)};
  }
}

const ByteBpe::Result* ByteBpe::result_of(int32_t left, int32_t right, const Workspace& workspace) const {
  auto found = merges_.find(pair_key(workspace.symbols[left].piece.id, workspace.symbols[right].piece.id));
  return found == merges_.end() ? nullptr : &found->second;
}

void ByteBpe::add_candidate(int32_t left, Workspace& workspace) const {
  if (left < 0 || workspace.symbols[left].next < 0) return;
  const Result* result = result_of(left, workspace.symbols[left].next, workspace);
  if (result == nullptr) return;
  workspace.candidates.push_back({result->rank, left, result->id});
  std::push_heap(workspace.candidates.begin(), workspace.candidates.end(), comes_later);
}

// A candidate whose symbols have changed since it was found is left out.
void ByteBpe::merge(const Workspace::Candidate& candidate, Workspace& workspace) const {
  auto& symbols = workspace.symbols;
  auto& left = symbols[candidate.symbol];
  if (left.merged || left.next < 0) return;
  const Result* result = result_of(candidate.symbol, left.next, workspace);
  if (result == nullptr || result->id != candidate.id || result->rank != candidate.rank) return;
  auto& right = symbols[left.next];
  right.merged = true;
  left.piece = {candidate.id, left.piece.begin, right.piece.end};
  left.next = right.next;
  if (left.next >= 0) symbols[left.next].previous = candidate.symbol;
  add_candidate(left.previous, workspace);
  add_candidate(candidate.symbol, workspace);
}

void ByteBpe::split(std::string_view word, Workspace& workspace) const {
  auto& symbols = workspace.symbols;
  symbols.clear();
  workspace.candidates.clear();
  for (std::size_t i = 0; i < word.size(); ++i) {
    const int32_t id = byte_ids_[static_cast<unsigned char>(word[i])];
    if (id < 0) continue;
    const auto index = static_cast<int32_t>(symbols.size());
    if (index > 0) symbols.back().next = index;
    symbols.push_back({{id, i, i + 1}, index - 1, -1});
  }
  for (std::size_t i = 0; i < symbols.size(); ++i) add_candidate(static_cast<int32_t>(i), workspace);
  while (!workspace.candidates.empty()) {
    std::pop_heap(workspace.candidates.begin(), workspace.candidates.end(), comes_later);
    const auto candidate = workspace.candidates.back();
    workspace.candidates.pop_back();
    merge(candidate, workspace);
  }
  workspace.pieces.clear();
  for (const auto& symbol : symbols) {
    if (!symbol.merged) workspace.pieces.push_back(symbol.piece);
  }
}

}  // namespace adaptune
