/**
 * What MicroPython's `math` and `random` lack. They cannot be added to: a module of the same content stands for each.
 *
 * @module
 */

/** Python source of what stands for `math`. */
export const mathLibrary = `
from math import *


def hypot(*sides):
    longest = max([abs(side) for side in sides] + [0.0])
    if longest == 0 or longest - longest != 0:
        return longest
    return longest * sqrt(fsum([(side / longest) ** 2 for side in sides]))


def fsum(numbers):
    # What rounding loses is kept in further parts.
    parts = []
    for number in numbers:
        number = float(number)
        kept = []
        for part in parts:
            if abs(number) < abs(part):
                number, part = part, number
            total = number + part
            lost = part - (total - number)
            if lost:
                kept.append(lost)
            number = total
        parts = kept + [number]
    return sum(reversed(parts), 0.0)


def prod(numbers, *, start=1):
    for number in numbers:
        start *= number
    return start
`;

/** Python source of what stands for `random`. */
export const randomLibrary = `
from random import *
import math


def gauss(mu=0.0, sigma=1.0):
    return mu + sigma * math.sqrt(-2 * math.log(1 - random())) * math.cos(2 * math.pi * random())
`;
