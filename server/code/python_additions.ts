/**
 * Adds to MicroPython what it lacks and PyOpticon's users write: methods of text, a stable sort, `round` as CPython
 * rounds, `print` with `flush`, `statistics` and `strftime`. What is seldom used is loaded when it is used first.
 *
 * @module
 */

import { formatMethods } from "./python_format.ts";
import { mathLibrary, randomLibrary } from "./python_modules.ts";
import { numberMethods } from "./python_numbers.ts";
import { scriptLibrary } from "./python_script.ts";
import { statisticsLibrary } from "./python_statistics.ts";
import { strftimeLibrary } from "./python_strftime.ts";
import { textMethodNames, textMethods } from "./python_text_methods.ts";

/** The libraries that are written in Python, by name. */
export const pythonLibraries: Readonly<Record<string, string>> = {
  text: textMethods,
  format: formatMethods,
  numbers: numberMethods,
  statistics: statisticsLibrary,
  _strftime: strftimeLibrary,
  _math: mathLibrary,
  _random: randomLibrary,
  _script: scriptLibrary,
};

/** Python source, which is run before the prelude. */
export const additions = `
import _heliograph, builtins, io, os, uctypes


def _word(at):
    return int.from_bytes(uctypes.bytearray_at(at, 4), "little")


_extended = {}


def _extend(kind, methods):
    # A built-in type has its methods in a table that cannot grow: it is given another one, with these as well.
    fixed = _word(id(kind) + 16 + 4 * uctypes.bytearray_at(id(kind) + 19, 1)[0])
    table = dict(kind.__dict__)
    if _word(fixed) != _word(id(table)) or _word(fixed + 4) >> 3 != len(table):
        raise RuntimeError("this is not the MicroPython that heliograph knows")
    table.update(methods)
    _extended[kind] = table
    uctypes.bytearray_at(fixed + 4, 12)[:] = uctypes.bytearray_at(id(table) + 4, 12)


_native = {name: getattr(str, name) for name in ("format", "upper", "lower", "isalpha", "isupper", "islower")}
_native["round"] = round
_native["print"] = print
_native["isinstance"] = isinstance
_native["issubclass"] = issubclass
_native["import"] = builtins.__import__
_libraries = {}


def _library(name):
    if name not in _libraries:
        names = _libraries[name] = {"_native": _native}
        exec(_heliograph.library(name), names)
        methods = names["methods"]
        if name == "text":
            _extend(str, methods)
        elif name == "numbers":
            builtins.round = methods["round"]
            builtins.sorted = methods["sorted"]
            _extend(list, {"sort": methods["sort"]})
            _extend(int, {"bit_length": methods["bit_length"]})
    return _libraries[name]


def _first(library, name):
    def method(*given, **named):
        return _library(library)["methods"][name](*given, **named)
    return method


_extend(str, {name: _first("text", name) for name in "${textMethodNames.join(" ")}".split()})
_extend(list, {"sort": _first("numbers", "sort")})
_extend(int, {"bit_length": _first("numbers", "bit_length")})


_templates = {}


def _is_plain(template):
    # Whether MicroPython's own formatting, which is fast, is right for numbers.
    if "," in template or "_" in template or len(template) != len(template.encode()):
        return False
    fields = [piece.split("{")[-1] for piece in template.split("}")[:-1]]
    return all([":" not in field or field[-1] in "fFeEgGdxXbo%" for field in fields])


def _format(self, *given, **named):
    if ":" not in self:
        try:
            return _native["format"](self, *given, **named)
        except NotImplementedError:
            pass
    elif not named:
        if self not in _templates:
            if len(_templates) > 100:
                _templates.clear()
            _templates[self] = _is_plain(self)
        if _templates[self]:
            for each in given:
                if type(each) is not float and type(each) is not int:
                    break
            else:
                return _native["format"](self, *given)
    return _library("format")["methods"]["format"](self, *given, **named)


_extend(str, {"format": _format})


def _print(*values, flush=False, **options):
    if options.get("file", True) is None:
        del options["file"]
    _native["print"](*values, **options)
    if flush:
        _heliograph.flush()


def _strftime_of_time(format, when=None):
    import _strftime, time
    return _strftime.of_tuple(format, time.localtime() if when is None else when)


def _strftime(self, format):
    import _strftime
    return _strftime.of(self, format)


def _complete_time(module):
    # MicroPython takes the PC's time for UTC.
    gmtime, mktime = module.gmtime, module.mktime

    def localtime(seconds=None):
        seconds = module.time() if seconds is None else seconds
        return gmtime(int(seconds // 1) + _heliograph.offset(seconds))

    def mktime_local(when):
        seconds = mktime(tuple(when)[:8])
        return float(seconds - _heliograph.offset(seconds - _heliograph.offset(seconds)))

    module.localtime = localtime
    module.mktime = mktime_local
    module.strftime = _strftime_of_time
    module.ctime = lambda seconds=None: _strftime_of_time("%c", localtime(seconds))


def _complete_datetime(module):
    for kind in (module.date, module.time, module.datetime):
        kind.strftime = _strftime


class _NoFiles:
    # Stands for the file system, which would keep in memory what is written, and lose it when the code ends.
    _modules = ("/lib/statistics.py", "/lib/_strftime.py", "/lib/_math.py", "/lib/_random.py")

    def mount(self, readonly, make):
        pass

    def umount(self):
        pass

    def stat(self, path):
        # Every import asks for files too, and takes an error for none.
        return (0x8000,) + 9 * (0,) if path in self._modules else self._refuse(path)

    def open(self, path, mode):
        if path not in self._modules:
            self._refuse(path, "open")
        return io.BytesIO(_heliograph.library(path[5:-3]).encode())

    def _refuse(self, path, do="use"):
        raise OSError(
            "Cannot " + do + " " + repr(path) + ": Python code may read and write no files. Print what is to be kept "
            "(heliograph exec --show-output FILE.py > log.csv), or return it from eval"
        )

    chdir = ilistdir = mkdir = remove = rmdir = statvfs = _refuse

    def rename(self, path, other):
        self._refuse(path)


os.umount("/")
os.mount(_NoFiles(), "/")

_incomplete = {
    "time": _complete_time,
    "datetime": _complete_datetime,
}


def _import(name, *given):
    if name in ("math", "random") and given and given[0] is not None and given[0].get("__name__") == "__main__":
        # The code's own.
        name = "_" + name
    module = _native["import"](name, *given)
    complete = _incomplete.pop(name, None)
    if complete is not None:
        complete(module)
    return module


def _isinstance(value, kinds):
    return _native["isinstance"](value, kinds) or type(value) is bool and _issubclass(bool, kinds)


def _issubclass(kind, kinds):
    # MicroPython's bool is no int.
    return _native["issubclass"](kind, kinds) or kind is bool and (
        kinds is int or type(kinds) is tuple and int in kinds
    )


builtins.__import__ = _import
builtins.isinstance = _isinstance
builtins.issubclass = _issubclass
builtins.print = _print
builtins.format = _first("format", "value")
builtins.round = _first("numbers", "round")
builtins.sorted = _first("numbers", "sorted")
`;
