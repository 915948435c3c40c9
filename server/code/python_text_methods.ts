/**
 * The methods of text that MicroPython lacks, and those of its own that know the letters of ASCII only.
 *
 * @module
 */

/** The names of the methods. */
export const textMethodNames: readonly string[] = (
  "isascii upper lower isalpha isupper islower isalnum isdecimal isnumeric capitalize title swapcase casefold " +
  "ljust rjust center zfill removeprefix removesuffix expandtabs"
).split(" ");

/** Python source of the library: `methods` by name; `_native` has MicroPython's own. */
export const textMethods = `
import _heliograph


def _isascii(self):
    return len(self) == len(self.encode())


def _upper_of_any(self):
    return _native["upper"](self) if _isascii(self) else _heliograph.upper(self)


def _lower_of_any(self):
    return _native["lower"](self) if _isascii(self) else _heliograph.lower(self)


def _isalpha_of_any(self):
    return _native["isalpha"](self) if _isascii(self) else _heliograph.letters(self)


def _isupper_of_any(self):
    return _native["isupper"](self) if _isascii(self) else self == self.upper() != self.lower()


def _islower_of_any(self):
    return _native["islower"](self) if _isascii(self) else self == self.lower() != self.upper()


def _isalnum(self):
    return self != "" and all(each.isalpha() or each.isdigit() for each in self)


def _isdecimal(self):
    return self.isdigit()


def _capitalize(self):
    first = self[:1].upper()
    return first[:1] + first[1:].lower() + self[1:].lower()


def _title(self):
    made = []
    in_word = False
    for each in self:
        cased = each.upper() != each.lower()
        made.append(each.lower() if in_word else each.capitalize() if cased else each)
        in_word = cased
    return "".join(made)


def _swapcase(self):
    return "".join([each.lower() if each.isupper() else each.upper() for each in self])


def _casefold(self):
    return self.lower().replace("\\xdf", "ss")


def _ljust(self, width, fillchar=" "):
    return self + fillchar * (width - len(self))


def _rjust(self, width, fillchar=" "):
    return fillchar * (width - len(self)) + self


def _center(self, width, fillchar=" "):
    room = max(0, width - len(self))
    left = room // 2 + (room & width & 1)
    return fillchar * left + self + fillchar * (room - left)


def _zfill(self, width):
    sign = 1 if self[:1] in ("+", "-") else 0
    return self[:sign] + "0" * (width - len(self)) + self[sign:]


def _removeprefix(self, prefix):
    return self[len(prefix):] if prefix and self.startswith(prefix) else self


def _removesuffix(self, suffix):
    return self[:-len(suffix)] if suffix and self.endswith(suffix) else self


def _expandtabs(self, tabsize=8):
    made = ""
    column = 0
    for each in self:
        room = 1
        if each == "\\t":
            room = tabsize - column % tabsize if tabsize > 0 else 0
            each = " " * room
        column = 0 if each in ("\\n", "\\r") else column + room
        made += each
    return made


methods = dict(
    isascii=_isascii,
    upper=_upper_of_any,
    lower=_lower_of_any,
    isalpha=_isalpha_of_any,
    isupper=_isupper_of_any,
    islower=_islower_of_any,
    isalnum=_isalnum,
    isdecimal=_isdecimal,
    isnumeric=_isdecimal,
    capitalize=_capitalize,
    title=_title,
    swapcase=_swapcase,
    casefold=_casefold,
    ljust=_ljust,
    rjust=_rjust,
    center=_center,
    zfill=_zfill,
    removeprefix=_removeprefix,
    removesuffix=_removesuffix,
    expandtabs=_expandtabs,
)
`;
