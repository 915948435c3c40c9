/**
 * A stable sort, and rounding as CPython rounds, which MicroPython does otherwise.
 *
 * @module
 */

/** Python source of the library: `methods` by name; `_native` has MicroPython's own. */
export const numberMethods = `
import math


def _merged(one, other, keys):
    if not keys[other[0]] < keys[one[-1]]:
        return one + other
    made = []
    add = made.append
    at = beside = 0
    while True:
        if keys[other[beside]] < keys[one[at]]:
            add(other[beside])
            beside += 1
            if beside == len(other):
                made.extend(one[at:])
                return made
        else:
            add(one[at])
            at += 1
            if at == len(one):
                made.extend(other[beside:])
                return made


def _sorted(iterable, *, key=None, reverse=False):
    # What is equal stays in its order, which MicroPython's own sort does not keep.
    items = list(iterable)
    keys = items if key is None else [key(each) for each in items]
    if reverse:
        items = list(reversed(items))
        keys = items if key is None else list(reversed(keys))
    runs = []
    begun = 0
    for at in range(1, len(keys) + 1):
        if at == len(keys) or keys[at] < keys[at - 1]:
            runs.append(range(begun, at))
            begun = at
    runs = [list(each) for each in runs]
    while len(runs) > 1:
        pairs = [_merged(runs[at], runs[at + 1], keys) for at in range(0, len(runs) - 1, 2)]
        runs = pairs + runs[len(pairs) * 2:]
    made = [items[at] for each in runs for at in each]
    return list(reversed(made)) if reverse else made


def _sort(self, *, key=None, reverse=False):
    self[:] = _sorted(self, key=key, reverse=reverse)


def _bit_length(self):
    return len(bin(abs(self))) - 2 if self else 0


def _nearest(number, divisor):
    # The whole number nearest to a quotient; the even one in the middle between two.
    quotient, rest = divmod(number, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient & 1))


def _quotient(number, divisor):
    # The float nearest to a quotient of whole numbers, however large they are; the divisor is above 0.
    shift = abs(number).bit_length() - divisor.bit_length() - 55
    scaled = divmod(abs(number) << max(0, -shift), divisor << max(0, shift))
    # What is left over counts as a last bit.
    bits = scaled[0] << 1 | (scaled[1] > 0)
    over = bits.bit_length() - 53
    if over > 0:
        bits = _nearest(bits, 1 << over)
        shift += over
    return math.ldexp(float(-bits if number < 0 else bits), shift - 1)


def _exact(number):
    # A finite float as a whole number and a power of two.
    mantissa, exponent = math.frexp(number)
    return int(mantissa * 9007199254740992), exponent - 53


def _round(number, ndigits=None):
    if hasattr(number, "__round__"):
        return number.__round__() if ndigits is None else number.__round__(ndigits)
    if ndigits is None or not isinstance(number, (int, float)):
        return _native["round"](number) if ndigits is None else _native["round"](number, ndigits)
    if not isinstance(ndigits, int):
        raise TypeError("'" + type(ndigits).__name__ + "' object cannot be interpreted as an integer")
    if not isinstance(number, float):
        tens = 10 ** max(0, -ndigits)
        return _nearest(int(number), tens) * tens
    if number - number != 0 or ndigits > 323:
        return number
    whole, exponent = _exact(number)
    if ndigits < -308 or (exponent >= 0 and ndigits >= 0):
        return number if ndigits >= 0 else number * 0.0
    tens = 10 ** abs(ndigits)
    above = (whole << max(0, exponent)) * (tens if ndigits > 0 else 1)
    below = (1 << max(0, -exponent)) * (1 if ndigits > 0 else tens)
    nearest = _nearest(above, below)
    if nearest == 0:
        return number * 0.0
    return _quotient(nearest, tens) if ndigits > 0 else _quotient(nearest * tens, 1)


methods = {"sorted": _sorted, "sort": _sort, "round": _round, "bit_length": _bit_length}
`;
