#include "io/pickle_stack.h"

#include <utility>

#include "core/error.h"
#include "io/printable.h"

namespace adaptune {
namespace {

// A tensor takes about 30 values; the largest models have some ten thousand tensors.
constexpr std::size_t kMostValues = 4'000'000;

}  // namespace

void PickleStack::fail(const std::string& what) const {
  throw InputError(where_ + ": the pickle program is damaged: " + what + "; fetch or save the file again");
}

void PickleStack::charge(std::size_t count) {
  charged_ += count;
  if (charged_ <= kMostValues) return;
  throw InputError(where_ + ": holds more than " + std::to_string(kMostValues) +
                   " values, too many for a state dict; save only the tensors");
}

uint32_t PickleStack::make(PickleValue value) {
  charge(1);
  tree_.values.push_back(std::move(value));
  return static_cast<uint32_t>(tree_.values.size() - 1);
}

void PickleStack::push(uint32_t value) {
  if (stack_.size() >= kMostValues) fail("its stack grows too large");
  stack_.push_back(value);
}

uint32_t PickleStack::top() const {
  if (stack_.empty() || (!marks_.empty() && stack_.size() <= marks_.back())) fail("a value is missing");
  return stack_.back();
}

uint32_t PickleStack::pop() {
  const uint32_t value = top();
  stack_.pop_back();
  return value;
}

void PickleStack::mark() {
  if (marks_.size() >= kMostValues) fail("it has too many marks");
  marks_.push_back(stack_.size());
}

std::vector<uint32_t> PickleStack::pop_to_mark() {
  if (marks_.empty()) fail("a mark is missing");
  const std::size_t begin = marks_.back();
  marks_.pop_back();
  return pop_last(stack_.size() - begin);
}

std::vector<uint32_t> PickleStack::pop_last(std::size_t count) {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (count > stack_.size() - floor) fail("values are missing");
  std::vector<uint32_t> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return values;
}

void PickleStack::remember(uint32_t key) {
  const uint32_t value = top();
  if (memo_.size() >= kMostValues) fail("its memo grows too large");
  memo_[key] = value;
}

void PickleStack::recall(uint32_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) fail("the memo has no entry " + std::to_string(key));
  push(found->second);
}

std::string PickleStack::current_tensor() const {
  std::string text = "tensor " + std::to_string(tree_.tensors.size() + 1);
  if (!stack_.empty() && at(stack_.back()).kind == PickleKind::kText) {
    text += " (" + quoted_name(at(stack_.back()).text) + ")";
  }
  return text;
}

}  // namespace adaptune
