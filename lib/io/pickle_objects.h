#pragma once

#include <string_view>

#include "io/pickle_stack.h"

namespace adaptune {

// The four opcodes that in Python call code, each answered from a short list and never by a call.
// All throw InputError.

// Pushes what a GLOBAL names: torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter,
// collections.OrderedDict, torch.<T>Storage. Everything else is refused by name.
void push_global(PickleStack& stack, std::string_view module, std::string_view name);

// BINPERSID: a storage, described by ("storage", type, key, device, number of elements).
void push_storage(PickleStack& stack);

// REDUCE: a tensor, a parameter (its tensor) or an ordered dict from function and arguments.
void reduce(PickleStack& stack);

// BUILD: the attributes PyTorch hangs on the OrderedDict of a state dict are dropped.
void build(PickleStack& stack);

}  // namespace adaptune
