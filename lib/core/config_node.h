#pragma once
// Typed, strict reading of YAML. Every part of the program reads its own section into its own plain
// struct, whose fields already hold the defaults:
//
//   void read(ConfigNode node, TrainOptions& options) {
//     node.read("learning_rate", options.learning_rate, positive());
//     node.read("optim", options.optim, one_of({"adamw_torch", "sgd"}));
//   }
//
// A read of an absent key leaves the field alone, so reading a second section over a filled struct is
// how a task overrides the defaults of a suite. Nothing throws while reading: errors are collected with
// file:line:column and thrown together by ConfigDocument::finish(), unknown keys included. Every read
// also records the value the field ends up with; resolved() is that record as YAML, so the same
// function that reads a struct also writes it (read it from an empty document).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace adaptune {

// A condition on a value: empty when it holds, else what would be right ("must be a number > 0"), which is
// put between the key's name and the value found. A text that begins with "known:" says instead that the
// name is not known and is printed on a line of its own. To word the message for a text that is no number,
// a check is also asked about NaN and the smallest integer: it must answer for any value.
template <typename T>
using Check = std::function<std::optional<std::string>(const T&)>;

Check<double> positive();                       // > 0 and finite
Check<double> non_negative();                   // >= 0 and finite
Check<double> within(double low, double high);  // low <= value <= high
Check<double> share_below_one();                // 0 <= value < 1: a rate that must leave something
Check<int64_t> at_least(int64_t low);           // value >= low
// The value must be one of `known`; the message lists them and the nearest one.
Check<std::string> one_of(std::vector<std::string> known);
Check<std::string> not_empty();

// Where a value is written: "config.yaml:14:3" or "command line: override 2", and the line there with a caret
// below the value, without a line break at the end; empty where there is no line.
struct WrittenPlace {
  std::string place, excerpt;

  bool operator==(const WrittenPlace&) const = default;
};

class ConfigDocument;
struct ConfigNodeState;

// One node of a document: a mapping, a sequence, a scalar, or nothing (absent, or YAML's null). Cheap to
// copy; the document must outlive it.
class ConfigNode {
 public:
  bool defined() const;
  bool is_mapping() const;
  bool is_sequence() const;
  bool is_scalar() const;
  // Of the nearest defined parent when undefined.
  WrittenPlace place() const;
  // Adds where the values and sections below this mapping are written, by their paths from here ("data",
  // "data.max_seq_length"): for what can be judged only once more is known than the document.
  void add_places(std::map<std::string, WrittenPlace>& places) const;
  std::string scalar() const;  // text of a scalar, after ${VAR} interpolation; else ""

  // A child mapping (or sequence, or scalar) by key; marks the key as known, but not the keys in it.
  // Undefined when absent: reads of an undefined node keep the defaults but are still recorded for
  // resolved(). A scalar whose text is taken by scalar() is recorded too.
  ConfigNode child(const std::string& key);
  // A child mapping that may be written as one scalar, which then is its key `short_key`:
  // `adapter: pfeiffer` reads as `adapter: {config: pfeiffer}`, also where overrides or a file of defaults
  // put keys beside it.
  ConfigNode section(const std::string& key, const std::string& short_key);
  bool has(const std::string& key) const;  // present (null included), without marking it as known
  // Entries of a mapping whose keys are free names (tasks); marks all of them as known.
  std::vector<std::pair<std::string, ConfigNode>> entries();
  // Items of a sequence; a scalar or a mapping counts as a sequence of one, nothing as an empty one.
  std::vector<ConfigNode> items() const;

  // Typed reads. Each marks the key as known, keeps `value` when the key is absent, and reports a
  // wrong type or a failed check at the value's place; `value` is then kept too. `null` resets an
  // optional and is an error for all others. Numbers are decimal: an integer has digits only, a number may
  // be 5e-5; a truth value is true or false and nothing else; any scalar is a string.
  void read(const std::string& key, std::string& value, const Check<std::string>& check = {});
  // Of a key whose values may be numbers, truth values or names: in JSON each is what it looks like.
  void read_untyped(const std::string& key, std::string& value, const Check<std::string>& check);
  void read(const std::string& key, int64_t& value, const Check<int64_t>& check = {});
  void read(const std::string& key, double& value, const Check<double>& check = {});
  void read(const std::string& key, bool& value);
  void read(const std::string& key, std::vector<std::string>& value);  // a scalar is a list of one
  void read(const std::string& key, std::vector<double>& value);
  // Layer indices: `all` (empty optional), or a list of integers and ranges, [0-5, 11], or one of them. No
  // index may be named twice; the order is kept.
  void read(const std::string& key, std::optional<std::vector<int64_t>>& layers);
  void read(const std::string& key, std::vector<int64_t>& layers);
  void read(const std::string& key, std::optional<int64_t>& value, const Check<int64_t>& check = {});
  void read(const std::string& key, std::optional<double>& value, const Check<double>& check = {});
  void read(const std::string& key, std::optional<std::string>& value, const Check<std::string>& check = {});
  void read(const std::string& key, std::optional<bool>& value);
  // A number, or numbers by name: `16` or `{default: 16, 11: 4}`; a plain number fills "default". The
  // numbers written replace all of `value`, except that its "default" stays where none is written.
  // `name_check` is asked about every other name.
  void read(const std::string& key, std::map<std::string, double>& value, const Check<double>& check = {},
            const Check<std::string>& name_check = {});

  // For a field that nobody says, or that was emptied since it was read: what resolved() writes for it, the
  // value that holds then, or null, which explained() follows by a comment.
  void record_default(const std::string& key, double value);
  void record_default(const std::string& key, bool value);
  void record_default(const std::string& key, const std::string& value);
  void record_default(const std::string& key, const std::vector<int64_t>& layers);
  void record_empty(const std::string& key, const std::string& comment);
  // This mapping is read over what `base` filled: resolved() writes of it only what differs from `base`.
  void inherits(const ConfigNode& base);

  // A required key that is absent or null is an error at this node's place; does not mark it as known.
  void require(const std::string& key);
  // Reports an error at this node (or, with a key, at that key's value), but for one that holds a variable
  // that is not set: what follows from that is not the user's mistake.
  void error(const std::string& message, const std::string& hint = "");
  void error_at(const std::string& key, const std::string& message, const std::string& hint = "");
  // Reports an error at the first of `keys` that is written in this mapping, and nothing where none is: then
  // the values that do not go together come from another section, which has reported them.
  void error_at_written(const std::vector<std::string>& keys, const std::string& message,
                        const std::string& hint = "");
  // Reports a key of this mapping that nothing makes use of, but for a number of `usual`: those resolved()
  // writes for the key where nobody says it, and so are nobody's wish.
  void error_at_idle(const std::string& key, const std::vector<double>& usual, const std::string& message,
                     const std::string& hint = "");
  // Names used by other tools, for hints only: {"lr", "learning_rate"}. The common ones are built in.
  void foreign_names(const std::map<std::string, std::string>& names);
  // What to say about keys of other tools that have no counterpart in this mapping: text by key.
  void answers(const std::map<std::string, std::string>& texts);
  // These keys of the mapping are known, whatever they hold: for use after an error that leaves open which of
  // them would be right, such as an unknown method's name.
  void leave_unread(const std::vector<std::string>& keys);

 private:
  friend class ConfigDocument;
  explicit ConfigNode(std::shared_ptr<ConfigNodeState> state) : state_(std::move(state)) {}
  std::shared_ptr<ConfigNodeState> state_;
};

// A YAML document with command-line overrides. Parsing problems (syntax, tabs, duplicate keys, merge
// keys, undefined ${VAR}) are collected like all the others.
class ConfigDocument {
 public:
  // `overrides` are "a.b.c=value" (the value a YAML scalar or flow sequence/mapping) or "~a.b" (remove).
  // A top-level key `defaults: base.yaml` (relative to the working directory) reads that file first, one
  // level deep: its mappings are filled up key by key, its scalars and sequences are replaced, and a key
  // without a value takes the key away.
  // Throws UsageError at once when `path` cannot be read.
  // Every scalar may hold ${VAR} and ${VAR:-default} (used when VAR is unset or empty); $${ is a plain ${.
  static ConfigDocument load(const std::string& path, const std::vector<std::string>& overrides = {});
  static ConfigDocument parse(const std::string& text, const std::string& name = "<text>");
  static ConfigDocument empty();
  ~ConfigDocument();
  ConfigDocument(ConfigDocument&&) noexcept;

  ConfigNode root();
  // Throws UsageError with every collected error, unknown keys included, sorted by place, each as
  // "file:14:3: error: unknown key 'x' in 'train'" with its source line, a caret and "did you mean"; the
  // last line is "2 errors; nothing was run". After a YAML syntax error only the errors of parsing are
  // shown: what follows from the lost text is not the user's mistake.
  void finish();
  bool ok();  // no error collected so far
  // All values read so far, defaults included, as YAML, in the order read. Reading it with the same
  // functions gives the same values.
  std::string resolved() const;
  // The same with the comments of record_empty(), for people to read.
  std::string explained() const;
  // The same as a JSON object, each value of the type it was read as.
  nlohmann::ordered_json resolved_json() const;

 private:
  struct Impl;
  explicit ConfigDocument(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace adaptune
