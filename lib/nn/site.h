#pragma once
// A site is a named tensor -> tensor function inside a backbone; an adapter is a wrapper around that
// function. The backbone runs each such function through its site; an empty site just calls it.
//
// Contracts:
// - `base` is pure: an adapter may call it zero, one or two times. Dropout of a sublayer therefore sits
//   inside the sublayer, before the residual site.
// - A site holds one adapter. Combinations (fusion, stack, routing) are adapters that own adapters.
// - At a residual site `x` is the sublayer's output h, the stream is the residual x, and
//   base(h) = norm(x + h) in a post-norm network, x + h in a pre-norm one.

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "nn/tokens.h"

namespace adaptune {

class Adapter;

// A borrowed tensor -> tensor callable: two pointers, no allocation. Must not outlive the callable.
class TensorFn {
 public:
  template <typename F, typename = std::enable_if_t<!std::is_same_v<std::decay_t<F>, TensorFn>>>
  TensorFn(const F& function)  // NOLINT(google-explicit-constructor): made at every call of a site
      : object_(&function), call_([](const void* object, const torch::Tensor& x) {
          return (*static_cast<const F*>(object))(x);
        }) {}
  torch::Tensor operator()(const torch::Tensor& x) const { return call_(object_, x); }

 private:
  const void* object_;
  torch::Tensor (*call_)(const void*, const torch::Tensor&);
};

enum class SiteKind {
  kLinear,
  kActivation,
  kSublayer,
  kResidual,
  kLayer,
  kConv,
  kNorm,
  kEmbedding,
  kKeyValue
};

// Where a site is and what it wraps.
struct SiteInfo {
  std::string stack;   // "encoder", "decoder"; "" for the network as a whole
  int64_t layer = -1;  // within the stack; -1 outside the layers
  std::string place;   // "ffn.residual", spelt the same in every family
  SiteKind kind = SiteKind::kLinear;
  int64_t in = 0, out = 0;  // width of x and of base(x)
  std::string module;       // the checkpoint's name of the wrapped part, "encoder.layer.3.output"
  const torch::Tensor* weight = nullptr;  // read access to the frozen weight under a linear or conv site
  int64_t kernel = 1, stride = 1, padding = 0;  // of a conv site
  // A name for modules and files; no dots: "encoder/3/ffn/residual".
  std::string path() const;
  // The same for what all layers share: "encoder/shared/ffn/residual".
  std::string shared_path() const;
};

// What a site passes along with the value.
struct SiteContext {
  const Tokens& tokens;
  const torch::Tensor* stream = nullptr;  // the residual stream [N, D], at residual sites only
};

class Site {
 public:
  explicit Site(SiteInfo info) : info_(std::move(info)) {}

  // Runs `base` through the attached adapter, or plainly.
  torch::Tensor operator()(const torch::Tensor& x, TensorFn base, const SiteContext& context) const;

  // TORCH_CHECKs that the site is empty.
  void attach(std::shared_ptr<Adapter> adapter);
  void detach() { adapter_.reset(); }
  bool empty() const { return !adapter_; }
  bool is_token_wise() const;  // as of its adapter; an empty site is
  const SiteInfo& info() const { return info_; }

 private:
  SiteInfo info_;
  std::shared_ptr<Adapter> adapter_;
};

}  // namespace adaptune
