/**
 * Python's `strftime`, which MicroPython has for tuples only, and without some of its letters.
 *
 * @module
 */

/** Python source of the module. */
export const strftimeLibrary = `
_days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_months = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
_longer = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "h": "%b",
    "r": "%I:%M:%S %p",
    "x": "%m/%d/%y",
}
_letters = {
    "A": lambda t: _days[t[6]],
    "B": lambda t: _months[t[1] - 1],
    "H": lambda t: "%02d" % t[3],
    "I": lambda t: "%02d" % ((t[3] + 11) % 12 + 1),
    "M": lambda t: "%02d" % t[4],
    "S": lambda t: "%02d" % t[5],
    "U": lambda t: "%02d" % ((t[7] + 6 - (t[6] + 1) % 7) // 7),
    "W": lambda t: "%02d" % ((t[7] + 6 - t[6]) // 7),
    "Y": lambda t: str(t[0]),
    "a": lambda t: _days[t[6]][:3],
    "b": lambda t: _months[t[1] - 1][:3],
    "d": lambda t: "%02d" % t[2],
    "e": lambda t: "%2d" % t[2],
    "j": lambda t: "%03d" % t[7],
    "m": lambda t: "%02d" % t[1],
    "n": lambda t: "\\n",
    "p": lambda t: "AM" if t[3] < 12 else "PM",
    "t": lambda t: "\\t",
    "u": lambda t: str(t[6] + 1),
    "w": lambda t: str((t[6] + 1) % 7),
    "y": lambda t: "%02d" % (t[0] % 100),
    "%": lambda t: "%",
}


def of_tuple(format, when, others={}):
    made = ""
    pieces = iter(format)
    for each in pieces:
        if each != "%":
            made += each
            continue
        letter = next(pieces, "")
        if letter in others:
            made += others[letter]
        elif letter in _longer:
            made += of_tuple(_longer[letter], when)
        elif letter in _letters:
            made += _letters[letter](when)
        else:
            made += "%" + letter
    return made


def of(what, format):
    # A date, a time, or both.
    clock = (what.hour, what.minute, what.second) if hasattr(what, "hour") else (0, 0, 0)
    date = (1900, 1, 1) + clock + (0, 1)
    if hasattr(what, "year"):
        day = what.toordinal() - what.replace(month=1, day=1).toordinal() + 1
        date = (what.year, what.month, what.day) + clock + (what.weekday(), day)
    offset = what.utcoffset() if hasattr(what, "utcoffset") else None
    zone = ""
    if offset is not None:
        seconds = round(offset.total_seconds())
        zone = ("-" if seconds < 0 else "+") + "%02d%02d" % divmod(abs(seconds) // 60, 60)
        if seconds % 60:
            zone += "%02d" % (abs(seconds) % 60)
    name = (what.tzname() or "") if hasattr(what, "tzname") else ""
    others = {
        "f": "%06d" % getattr(what, "microsecond", 0),
        "z": zone,
        "Z": "UTC" if name == "UTC+00:00" else name,
    }
    return of_tuple(format, date, others)
`;
