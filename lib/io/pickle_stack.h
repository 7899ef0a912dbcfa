#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/pickle_value.h"

namespace adaptune {

// The memory of the pickle machine: values, stack with marks, and memo. Every operation is checked, and
// the number of values is limited, so that no program can make it use more than a few hundred MB.
class PickleStack {
 public:
  explicit PickleStack(std::string where) : where_(std::move(where)) {}

  uint32_t make(PickleValue value);
  void push(uint32_t value);
  void push_new(PickleValue value) { push(make(std::move(value))); }
  uint32_t pop();
  uint32_t top() const;
  bool empty() const { return stack_.empty(); }
  void mark();
  std::vector<uint32_t> pop_to_mark();
  std::vector<uint32_t> pop_last(std::size_t count);  // in stack order
  void remember(uint32_t key);                        // the top of the stack
  void remember_next() { remember(static_cast<uint32_t>(memo_.size())); }
  void recall(uint32_t key);

  // Counts `count` more values against the limit.
  void charge(std::size_t count);

  PickleValue& at(uint32_t value) { return tree_.values[value]; }
  const PickleValue& at(uint32_t value) const { return tree_.values[value]; }
  PickleTree& tree() { return tree_; }

  // "tensor 3", or "tensor 3 ('weight')" when its key lies on top of the stack; counted from 1.
  std::string current_tensor() const;
  const std::string& where() const { return where_; }
  // Throws InputError: the program is damaged.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string where_;
  PickleTree tree_;
  std::size_t charged_ = 0;
  std::vector<uint32_t> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<uint32_t, uint32_t> memo_;
};

}  // namespace adaptune
