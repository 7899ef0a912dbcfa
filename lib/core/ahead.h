#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <utility>

namespace adaptune {

// Makes the next item of a sequence in a thread of its own while the present one is worked with.
template <typename T>
class Ahead {
 public:
  // A pure function of the item's number, called for one at a time.
  using Make = std::function<T(int64_t number)>;
  // Items from `end` on are never made.
  Ahead(Make make, int64_t end) : make_(std::move(make)), end_(end) {}
  // The item: that made ahead if it follows the last one that was taken. What `make` throws passes on.
  T take(int64_t number) {
    if (ahead_ != number && next_.valid()) next_.wait();
    T item = ahead_ == number && next_.valid() ? next_.get() : make_(number);
    ahead_ = number + 1;
    if (ahead_ < end_) next_ = std::async(std::launch::async, make_, ahead_);
    return item;
  }

 private:
  Make make_;
  int64_t end_, ahead_ = -1;
  std::future<T> next_;  // of number ahead_
};

}  // namespace adaptune
