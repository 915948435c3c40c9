/**
 * Python's `statistics`, which MicroPython lacks, with CPython's results to the last digit.
 *
 * @module
 */

/** Python source of the module. */
export const statisticsLibrary = `
import math
import __main__

_numbers = __main__._library("numbers")
_exact = _numbers["_exact"]
_quotient = _numbers["_quotient"]


class StatisticsError(ValueError):
    pass


def _ratio(value):
    # A number as an exact ratio, whose divisor is a power of two.
    if isinstance(value, int):
        return int(value), 1
    if value - value != 0:
        raise ValueError("statistics take no nan and no inf")
    whole, exponent = _exact(value)
    return (whole << exponent, 1) if exponent >= 0 else (whole, 1 << -exponent)


def _values(data, needed, name):
    values = list(data)
    if len(values) < needed:
        few = ("at least one data point", "at least two data points")[needed - 1]
        raise StatisticsError(name + " requires " + few)
    return values


def _sum(values):
    ratios = [_ratio(each) for each in values]
    below = max([each[1] for each in ratios])
    return sum([above * (below // divisor) for above, divisor in ratios]), below


def _typed(above, below, values):
    # Of whole numbers a whole number, where it is one.
    if all([isinstance(each, int) for each in values]) and above % below == 0:
        return above // below
    return _quotient(above, below)


def mean(data):
    values = _values(data, 1, "mean")
    above, below = _sum(values)
    return _typed(above, below * len(values), values)


def fmean(data, weights=None):
    values = _values(data, 1, "fmean")
    if weights is None:
        return _quotient(*_sum(values)) / len(values)
    weights = list(weights)
    if len(weights) != len(values):
        raise StatisticsError("data and weights must be the same length")
    return _quotient(*_sum([a * b for a, b in zip(values, weights)])) / _quotient(*_sum(weights))


def geometric_mean(data):
    values = _values(data, 1, "geometric_mean")
    if min(values) <= 0:
        raise StatisticsError("geometric mean requires a non-empty dataset containing positive numbers")
    return math.exp(fmean([math.log(each) for each in values]))


def harmonic_mean(data):
    values = _values(data, 1, "harmonic_mean")
    if min(values) < 0:
        raise StatisticsError("harmonic mean does not support negative values")
    if 0 in values:
        return 0
    above, below = _sum([1 / each for each in values])
    return _quotient(len(values) * below, above)


def median(data):
    values = sorted(_values(data, 1, "median"))
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def median_low(data):
    values = sorted(_values(data, 1, "median_low"))
    return values[(len(values) - 1) // 2]


def median_high(data):
    values = sorted(_values(data, 1, "median_high"))
    return values[len(values) // 2]


def multimode(data):
    values = list(data)
    counts = {}
    for each in values:
        counts[each] = counts.get(each, 0) + 1
    most = max(counts.values()) if counts else 0
    modes = []
    for each in values:
        # In the order in which they come first.
        if counts.pop(each, 0) == most:
            modes.append(each)
    return modes


def mode(data):
    modes = multimode(data)
    if not modes:
        raise StatisticsError("no mode for empty data")
    return modes[0]


def _variance(data, xbar, less, name):
    values = _values(data, 1 + less, name)
    count = len(values)
    if xbar is None:
        ratios = [_ratio(each) for each in values]
        below = max([each[1] for each in ratios])
        wholes = [above * (below // divisor) for above, divisor in ratios]
        above = count * sum([each * each for each in wholes]) - sum(wholes) ** 2
        return above, below * below * count * (count - less), values
    above, below = _sum([(each - xbar) ** 2 for each in values])
    return above, below * (count - less), values


def variance(data, xbar=None):
    return _typed(*_variance(data, xbar, 1, "variance"))


def pvariance(data, mu=None):
    return _typed(*_variance(data, mu, 0, "pvariance"))


def _root(above, below):
    if above == 0:
        return 0.0
    # As a whole number with more digits than a float has; what is left over counts as a last bit.
    shift = max(0, 64 - (above.bit_length() - below.bit_length()) // 2)
    square, left = divmod(above << 2 * shift, below)
    root = 1 << (square.bit_length() + 1) // 2
    while True:
        closer = (root + square // root) // 2
        if closer >= root:
            break
        root = closer
    inexact = left > 0 or root * root != square
    return _quotient(root << 1 | inexact, 1 << shift + 1)


def stdev(data, xbar=None):
    return _root(*_variance(data, xbar, 1, "stdev")[:2])


def pstdev(data, mu=None):
    return _root(*_variance(data, mu, 0, "pstdev")[:2])


def quantiles(data, *, n=4, method="exclusive"):
    if n < 1:
        raise StatisticsError("n must be at least 1")
    values = sorted(data)
    if len(values) < 2:
        raise StatisticsError("must have at least two data points")
    if method not in ("exclusive", "inclusive"):
        raise ValueError("Unknown method: " + repr(method))
    cuts = []
    for part in range(1, n):
        if method == "inclusive":
            at, rest = divmod(part * (len(values) - 1), n)
            low, high = values[at], values[at + 1]
        else:
            at = min(max(part * (len(values) + 1) // n, 1), len(values) - 1)
            rest = part * (len(values) + 1) - at * n
            low, high = values[at - 1], values[at]
        cuts.append((low * (n - rest) + high * rest) / n)
    return cuts
`;
