/**
 * Python's `format` where MicroPython's own is wrong: it counts bytes, has no thousands comma for floats, and knows
 * neither attributes nor what dates and objects of one's own make of a format.
 *
 * @module
 */

/** Python source of the library: `methods` by name; `_native` has MicroPython's own. */
export const formatMethods = `
_fields = {}


def _split(template):
    # Text and fields by turns: ["a", ("0", "r", ">5"), "b"].
    pieces = []
    text = ""
    at = 0
    while at < len(template):
        each = template[at]
        at += 1
        if each not in "{}":
            text += each
        elif template[at:at + 1] == each:
            text += each
            at += 1
        elif each == "}":
            raise ValueError("Single '}' encountered in format string")
        else:
            begun = at
            deep = 1
            while deep:
                if at == len(template):
                    raise ValueError("expected '}' before end of string")
                deep += {"{": 1, "}": -1}.get(template[at], 0)
                at += 1
            name, _, spec = template[begun:at - 1].partition(":")
            name, _, conversion = name.partition("!")
            pieces += [text, (name, conversion, spec)]
            text = ""
    return pieces + [text]


def _value(name, given, named, count):
    end = min([at for at in (name.find("."), name.find("["), len(name)) if at >= 0])
    first, rest = name[:end], name[end:]
    if first == "":
        first = str(count[0])
        count[0] += 1
    if first.isdigit():
        if int(first) >= len(given):
            raise IndexError("Replacement index " + first + " out of range for positional args tuple")
        value = given[int(first)]
    else:
        value = named[first]
    while rest:
        if rest[0] == ".":
            ends = [at for at in (rest.find(".", 1), rest.find("[", 1), len(rest)) if at >= 0]
            value = getattr(value, rest[1:min(ends)])
            rest = rest[min(ends):]
        else:
            key, _, rest = rest[1:].partition("]")
            value = value[int(key) if key.isdigit() else key]
    return value


def _made(template, given, named, count):
    if template not in _fields:
        if len(_fields) > 100:
            _fields.clear()
        _fields[template] = _split(template)
    made = ""
    for piece in _fields[template]:
        if type(piece) is str:
            made += piece
            continue
        name, conversion, spec = piece
        value = _value(name, given, named, count)
        if conversion:
            value = repr(value) if conversion in "ra" else str(value)
        if "{" in spec:
            spec = _made(spec, given, named, count)
        made += _format(value, spec)
    return made


def _format_of_text(self, *given, **named):
    return _made(self, given, named, [0])


def _format(value, spec=""):
    kind = type(value)
    if kind is int or kind is float:
        if "," in spec or "_" in spec or spec[:1] > "\x7f" or kind is float and spec and spec[-1] not in "fFeEgG%":
            return _number(value, spec)
        return _native["format"]("{:" + spec + "}", value)
    if kind is not str:
        if hasattr(value, "__format__"):
            return value.__format__(spec)
        if spec and hasattr(value, "strftime"):
            return value.strftime(spec)
        if not spec:
            return str(value)
        if kind is bool:
            return _format(int(value), spec)
        value = str(value)
    return _text(value, spec)


def _aligned(spec):
    # A fill and where to align to, and what is left of the specification.
    if spec[1:2] and spec[1] in "<>=^":
        return spec[0], spec[1], spec[2:]
    if spec[:1] and spec[0] in "<>=^":
        return " ", spec[0], spec[1:]
    return " ", "", spec


def _width(spec):
    at = 0
    while spec[at:at + 1].isdigit():
        at += 1
    return int(spec[:at] or "0"), spec[at:]


def _padded(text, width, fill, align):
    room = max(0, width - len(text))
    left = 0 if align == "<" else room if align == ">" else room // 2
    return fill * left + text + fill * (room - left)


def _text(value, spec):
    fill, align, rest = _aligned(spec)
    if rest[:1] == "0" and not align:
        fill, align = "0", "<"
    width, rest = _width(rest)
    if rest[:1] == ".":
        longest, rest = _width(rest[1:])
        value = value[:longest]
    if align == "=" or rest not in ("", "s"):
        # It has the right error.
        return _native["format"]("{:" + spec + "}", value)
    return _padded(value, width, fill, align or "<")


def _grouped(digits, mark, size):
    first = len(digits) % size or size
    return mark.join([digits[:first]] + [digits[at:at + size] for at in range(first, len(digits), size)])


def _shortest(value, digits):
    # A float without a type: at least one digit behind the point.
    if value - value != 0 or digits == "":
        return str(value)
    precision = max(1, int(digits[1:]))
    mantissa, exponent = _native["format"]("{:." + str(precision - 1) + "e}", value).split("e")
    if -5 < int(exponent) < precision - 1:
        made = _native["format"]("{:." + str(precision) + "g}", value)
        return made if "." in made else made + ".0"
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + "e" + exponent


def _number(value, spec):
    fill, align, rest = _aligned(spec)
    plus = ""
    if rest[:1] in ("+", "-", " "):
        plus, rest = rest[0], rest[1:]
    if rest[:1] == "#":
        plus, rest = plus + "#", rest[1:]
    if rest[:1] == "0" and not align:
        fill, align = "0", "="
    width, rest = _width(rest)
    mark = rest[:1] if rest[:1] in (",", "_") else ""
    rest = rest[len(mark):]
    if mark and rest[-1:] in (("x", "X", "b", "o", "n", "s", "c") if mark == "," else ("n", "s", "c")):
        raise ValueError("Invalid format specifier '" + spec + "' for object of type '" + type(value).__name__ + "'")
    if type(value) is float and (rest == "" or rest[:1] == "." and rest[1:].isdigit()):
        made = _shortest(value, rest)
        made = (plus[:1] if plus[:1] in ("+", " ") and made[0] != "-" else "") + made
    else:
        made = _native["format"]("{:" + plus + rest + "}", value)
    at = 0
    while made[at:at + 1] in ("+", "-", " "):
        at += 1
    if plus[-1:] == "#" and rest[-1:] and rest[-1] in "xXbo":
        at += 2
    end = at
    hexadecimal = rest[-1:] and rest[-1] in "xX"
    while made[end:end + 1].isdigit() or hexadecimal and end < len(made):
        end += 1
    sign, digits, end = made[:at], made[at:end], made[end:]
    size = 4 if rest[-1:] and rest[-1] in "xXbo" else 3
    if digits and mark:
        grouped = _grouped(digits, mark, size)
        if fill == "0" and align == "=":
            while len(sign) + len(grouped) + len(end) < width:
                digits = "0" + digits
                grouped = _grouped(digits, mark, size)
        digits = grouped
    if align == "=":
        return sign + fill * (width - len(sign) - len(digits) - len(end)) + digits + end
    return _padded(sign + digits + end, width, fill, align or ">")


methods = {"format": _format_of_text, "value": _format}
`;
