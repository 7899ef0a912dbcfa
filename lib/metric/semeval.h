#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace adaptune {

// The official score of SemEval-2010 task 8 (Hendrickx et al. 2010): the F1 of each relation, averaged over
// all but those without arguments ("Other"). Of "Cause-Effect(e1,e2)" the relation is what stands in front of
// the bracket; an answer in the wrong direction is a wrong one of its relation. Empty where no class has a
// direction.
std::optional<double> semeval_f1(const std::vector<std::string>& classes, const std::vector<int64_t>& gold,
                                 const std::vector<int64_t>& predicted);

}  // namespace adaptune
