"""How likely chance alone makes two groups differ as much as they do. No probability is below the least float."""

from collections.abc import Sequence
from math import erfc, exp, lgamma, log10, sqrt


def overlap_chance(population: int, marked: int, drawn: int, both: int) -> float:
    """Return the probability that `drawn` of a population hold `both` of its `marked` members or more.

    The exact one-sided test of Fisher, from the hypergeometric distribution.

    >>> round(overlap_chance(10, 5, 5, 5), 6)
    0.003968
    """
    most = min(marked, drawn)
    whole = _log_choose(population, drawn)
    terms = (
        _log_choose(marked, count) + _log_choose(population - marked, drawn - count) - whole
        for count in range(max(both, drawn + marked - population), most + 1)
    )
    return min(1.0, sum(map(exp, terms)))


def rank_chance(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the probability that the ranks of two samples differ as much: Mann and Whitney's test, both sides.

    Equal values share their rank; the normal approximation is meant for 30 values and more in each sample.

    >>> rank_chance(range(30), range(30)), rank_chance(range(30), range(100, 130)) < 1e-9
    (1.0, True)
    """
    count, other_count = len(first), len(second)
    total = count + other_count
    rank_sum, ties, start = 0.0, 0, 0
    values = sorted([(value, True) for value in first] + [(value, False) for value in second])
    while start < total:
        end = start
        while end < total and values[end][0] == values[start][0]:
            end += 1
        equal = end - start
        rank_sum += (start + end + 1) / 2 * sum(is_first for _, is_first in values[start:end])
        ties += equal**3 - equal
        start = end
    deviation = abs(rank_sum - count * (total + 1) / 2)
    variance = count * other_count / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return min(1.0, erfc(max(0.0, deviation - 0.5) / sqrt(2 * variance)))


def _log_choose(population: int, drawn: int) -> float:
    if not 0 <= drawn <= population:
        return -float("inf")
    return lgamma(population + 1) - lgamma(drawn + 1) - lgamma(population - drawn + 1)


def chance_text(chance: float | None) -> str:
    """Return a bound on chance as people read it.

    >>> [chance_text(value) for value in (None, 0.4, 0.03, 2e-7)]
    ['-', 'likely', '3 %', '1 in 5,000,000']
    """
    if chance is None:
        return "-"
    if chance > 0.05:  # noqa: PLR2004  the usual bound
        return "likely"
    if chance >= 0.001:  # noqa: PLR2004  from here on percents are hard to read
        return f"{100 * chance:.2g} %"
    if chance < 1e-9:  # noqa: PLR2004  nobody tells such numbers apart
        return "below 1 in 10^9"
    return f"1 in {round(1 / chance, 1 - int(-log10(chance))):,.0f}"
