"""The metrics of classification and regression, and the paired bootstrap that compares two sets of predictions."""
import math
import random
import statistics
from dataclasses import dataclass


def accuracy(gold, predicted):
    return sum(a == b for a, b in zip(gold, predicted)) / len(gold)


def matthews_correlation(gold, predicted):
    """For any number of classes (Gorodkin 2004); 0 where only one class is in either."""
    n, agreed = len(gold), sum(a == b for a, b in zip(gold, predicted))
    of_gold, of_predicted = counts(gold), counts(predicted)
    both = sum(count * of_predicted.get(label, 0) for label, count in of_gold.items())
    spread = (n * n - sum(c * c for c in of_gold.values())) * (n * n - sum(c * c for c in of_predicted.values()))
    return (agreed * n - both) / math.sqrt(spread) if spread else 0.0


def spearmanr(gold, predicted):
    return pearsonr(ranks(gold), ranks(predicted))


def pearsonr(x, y):
    try:
        return statistics.correlation(x, y)
    except statistics.StatisticsError:  # one of them is constant
        return 0.0


def counts(labels):
    table = {}
    for label in labels:
        table[label] = table.get(label, 0) + 1
    return table


def ranks(values):
    """From 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for i in order[start:end]:
            result[i] = (start + 1 + end) / 2
        start = end
    return result


METRICS = {'accuracy': accuracy, 'matthews_correlation': matthews_correlation, 'spearmanr': spearmanr}


@dataclass
class Pairing:
    """Two systems on the same examples: predictions of each, a list a seed."""
    metric: str
    gold: list
    first: list
    second: list

    def difference(self, examples=None):
        """Mean over the seeds of second - first, x 100, on these examples (all)."""
        return self.mean(self.second, examples) - self.mean(self.first, examples)

    def mean(self, predictions, examples=None):
        chosen = lambda values: values if examples is None else [values[i] for i in examples]
        gold = chosen(self.gold)
        return 100 * statistics.fmean(METRICS[self.metric](gold, chosen(values)) for values in predictions)


@dataclass
class Comparison:
    """Of the mean difference over the pairings."""
    difference: float
    standard_error: float
    low: float                        # the middle 95 %
    high: float


def compare(pairings, draws=1000, seed=42):
    """Resamples the examples of every pairing, the same ones for both systems and all seeds."""
    generator = random.Random(seed)
    means = sorted(statistics.fmean(resampled(pairing, generator) for pairing in pairings) for _ in range(draws))
    tail = round(0.025 * draws)
    return Comparison(statistics.fmean(pairing.difference() for pairing in pairings), statistics.stdev(means),
                      means[tail], means[-1 - tail])


def accuracy_interval(gold, predicted, draws=1000, seed=42):
    """The middle 95 % of the accuracy x 100 over resampled examples."""
    generator = random.Random(seed)
    right = [a == b for a, b in zip(gold, predicted)]
    scores = sorted(100 * sum(generator.choices(right, k=len(right))) / len(right) for _ in range(draws))
    tail = round(0.025 * draws)
    return scores[tail], scores[-1 - tail]


def resampled(pairing, generator):
    n = len(pairing.gold)
    return pairing.difference(generator.choices(range(n), k=n))
