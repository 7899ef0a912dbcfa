#include "io/pickle_machine.h"

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "io/pickle_objects.h"
#include "io/pickle_opcode.h"
#include "io/pickle_stack.h"

namespace adaptune {
namespace {

class PickleMachine {
 public:
  PickleMachine(std::string_view program, const std::string& where) : program_(program), stack_(where) {}

  PickleTree run() {
    if (number<uint8_t>() != PickleOpcode::kProto) stack_.fail("it does not begin with its protocol");
    const auto protocol = number<uint8_t>();
    if (protocol < 2 || protocol > 5) stack_.fail("protocol " + std::to_string(protocol) + " is not 2 to 5");
    for (uint8_t opcode = 0; (opcode = number<uint8_t>()) != PickleOpcode::kStop;) step(opcode);
    stack_.tree().root = stack_.pop();
    return std::move(stack_.tree());
  }

 private:
  // An opcode belongs to one of four groups; each answers whether it was one of its own.
  void step(uint8_t opcode) {
    if (scalar(opcode) || container(opcode) || memory(opcode) || object(opcode)) return;
    stack_.fail("its opcode " + std::to_string(opcode) + " at byte " + std::to_string(position_ - 1) +
                " is not one a state dict uses");
  }

  bool scalar(uint8_t opcode) {
    switch (opcode) {
      case PickleOpcode::kNone:
        return push(PickleKind::kNone);
      case PickleOpcode::kNewTrue:
        return push(PickleKind::kBool, 1);
      case PickleOpcode::kNewFalse:
        return push(PickleKind::kBool, 0);
      case PickleOpcode::kBinInt:
        return push(PickleKind::kInt, static_cast<int32_t>(number<uint32_t>()));
      case PickleOpcode::kBinInt1:
        return push(PickleKind::kInt, number<uint8_t>());
      case PickleOpcode::kBinInt2:
        return push(PickleKind::kInt, number<uint16_t>());
      case PickleOpcode::kLong1:
        return push_long(take(number<uint8_t>()));
      case PickleOpcode::kBinFloat:
        return push_text(PickleKind::kOpaque, 8);
      case PickleOpcode::kBinBytes:
        return push_text(PickleKind::kOpaque, number<uint32_t>());
      case PickleOpcode::kShortBinBytes:
        return push_text(PickleKind::kOpaque, number<uint8_t>());
      case PickleOpcode::kBinString:
      case PickleOpcode::kBinUnicode:
        return push_text(PickleKind::kText, number<uint32_t>());
      case PickleOpcode::kShortBinString:
      case PickleOpcode::kShortBinUnicode:
        return push_text(PickleKind::kText, number<uint8_t>());
      case PickleOpcode::kBinUnicode8:
        return push_text(PickleKind::kText, number<uint64_t>());
      default:
        return false;
    }
  }

  bool container(uint8_t opcode) {
    switch (opcode) {
      case PickleOpcode::kEmptyTuple:
        return push(PickleKind::kTuple);
      case PickleOpcode::kEmptyList:
      case PickleOpcode::kEmptySet:
        return push(PickleKind::kList);
      case PickleOpcode::kEmptyDict:
        return push(PickleKind::kDict);
      case PickleOpcode::kTuple:
        return push_items(PickleKind::kTuple, stack_.pop_to_mark());
      case PickleOpcode::kTuple1:
      case PickleOpcode::kTuple2:
      case PickleOpcode::kTuple3:
        return push_items(PickleKind::kTuple, stack_.pop_last(opcode - PickleOpcode::kTuple1 + 1u));
      case PickleOpcode::kList:
        return push_items(PickleKind::kList, stack_.pop_to_mark());
      case PickleOpcode::kDict:
        return push(PickleKind::kDict) && extend(PickleKind::kDict, pop_below_top());
      case PickleOpcode::kAppend:
        return extend(PickleKind::kList, stack_.pop_last(1));
      case PickleOpcode::kAppends:
      case PickleOpcode::kAddItems:
        return extend(PickleKind::kList, stack_.pop_to_mark());
      case PickleOpcode::kSetItem:
        return extend(PickleKind::kDict, stack_.pop_last(2));
      case PickleOpcode::kSetItems:
        return extend(PickleKind::kDict, stack_.pop_to_mark());
      default:
        return false;
    }
  }

  bool memory(uint8_t opcode) {
    switch (opcode) {
      case PickleOpcode::kMark:
        stack_.mark();
        return true;
      case PickleOpcode::kPop:
        stack_.pop();
        return true;
      case PickleOpcode::kPopMark:
        stack_.pop_to_mark();
        return true;
      case PickleOpcode::kDup:
        stack_.push(stack_.top());
        return true;
      case PickleOpcode::kBinPut:
        stack_.remember(number<uint8_t>());
        return true;
      case PickleOpcode::kLongBinPut:
        stack_.remember(number<uint32_t>());
        return true;
      case PickleOpcode::kMemoize:
        stack_.remember_next();
        return true;
      case PickleOpcode::kBinGet:
        stack_.recall(number<uint8_t>());
        return true;
      case PickleOpcode::kLongBinGet:
        stack_.recall(number<uint32_t>());
        return true;
      default:
        return false;
    }
  }

  bool object(uint8_t opcode) {
    switch (opcode) {
      case PickleOpcode::kFrame:
        take(sizeof(uint64_t));  // frames only tell a reader how much to fetch
        return true;
      case PickleOpcode::kGlobal: {
        const std::string_view module = line();
        push_global(stack_, module, line());
        return true;
      }
      case PickleOpcode::kStackGlobal: {
        const PickleValue& name = stack_.at(stack_.pop());
        const PickleValue& module = stack_.at(stack_.pop());
        if (name.kind != PickleKind::kText || module.kind != PickleKind::kText)
          stack_.fail("a name is not a text");
        const std::string_view module_text = module.text;
        push_global(stack_, module_text, name.text);
        return true;
      }
      case PickleOpcode::kBinPersId:
        push_storage(stack_);
        return true;
      case PickleOpcode::kReduce:
        reduce(stack_);
        return true;
      case PickleOpcode::kBuild:
        build(stack_);
        return true;
      default:
        return false;
    }
  }

  bool push(PickleKind kind, int64_t value = 0) {
    PickleValue pushed;
    pushed.kind = kind;
    pushed.number = value;
    stack_.push_new(std::move(pushed));
    return true;
  }

  bool push_items(PickleKind kind, std::vector<uint32_t> items) {
    PickleValue pushed;
    pushed.kind = kind;
    pushed.items = std::move(items);
    stack_.push_new(std::move(pushed));
    return true;
  }

  bool push_text(PickleKind kind, uint64_t size) {
    PickleValue pushed;
    pushed.kind = kind;
    pushed.text = take(size);
    stack_.push_new(std::move(pushed));
    return true;
  }

  // Little-endian two's complement of any length; what does not fit 64 bits is never a size.
  bool push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(int64_t)) return push(PickleKind::kOpaque);
    int64_t value = !bytes.empty() && (bytes.back() & 0x80) ? -1 : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return push(PickleKind::kInt, value);
  }

  // Adds items to the container on top of the stack.
  bool extend(PickleKind kind, const std::vector<uint32_t>& items) {
    PickleValue& target = stack_.at(stack_.top());
    if (target.kind != kind) stack_.fail("it adds to something that is not a list or dict");
    if (kind == PickleKind::kDict && items.size() % 2 != 0) stack_.fail("a dict has a key without a value");
    target.items.insert(target.items.end(), items.begin(), items.end());
    return true;
  }

  // The items of DICT lie below the new dict, back to the mark.
  std::vector<uint32_t> pop_below_top() {
    const uint32_t dict = stack_.pop();
    std::vector<uint32_t> items = stack_.pop_to_mark();
    stack_.push(dict);
    return items;
  }

  std::string_view take(uint64_t size) {
    if (size > program_.size() - position_) stack_.fail("it is cut short");
    const std::string_view taken = program_.substr(position_, size);
    position_ += size;
    return taken;
  }

  template <typename Number>
  Number number() {
    static_assert(std::is_unsigned_v<Number>);
    Number value = 0;
    std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
    return value;
  }

  std::string_view line() {
    const std::size_t end = program_.find('\n', position_);
    if (end == std::string_view::npos) stack_.fail("it is cut short in a name");
    const std::string_view text = take(end - position_);
    take(1);
    return text;
  }

  std::string_view program_;
  std::size_t position_ = 0;
  PickleStack stack_;
};

}  // namespace

PickleTree run_pickle_program(std::string_view program, const std::string& where) {
  return PickleMachine(program, where).run();
}

}  // namespace adaptune
