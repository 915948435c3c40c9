/**
 * What to write instead of Python that MicroPython lacks, for the errors that tell so.
 *
 * @module
 */

/** What an error says, and what would be right. */
const instead: readonly (readonly [part: string, advice: string])[] = [
  ["attribute 'is_integer'", "write x == int(x)"],
  ["attribute 'co_argcount'", "how many arguments f takes is len(inspect.signature(f).parameters)"],
  ["attribute 'strptime'", "write datetime.fromisoformat(text), or int() of its parts"],
  ["slices with step=1", "take the step in a list: ''.join(list(text)[::-1])"],
  ["*x must be assignment target", "write a + b for [*a, *b]"],
  ["named 'threading'", "code runs alone; what shall go on beside it is a program of its own, or a driver"],
  ["named 'csv'", "write ','.join(row), and line.split(',')"],
  ["named 'decimal'", "calculate with int, or with float and round"],
  ["named 'fractions'", "calculate with int, or with float and round"],
  ["named 'traceback'", "write sys.print_exception(error)"],
  ["named 'typing'", "leave the types out"],
  ["named 'dataclasses'", "write a class with __init__, or collections.namedtuple"],
  ["named 'enum'", "write a class with constants"],
  ["named 'bisect'", "go through the list"],
  ["named 'queue'", "use a list, or collections.deque"],
  ["named 'requests'", "code connects to nothing; do that in a program of your own"],
  ["named 'urllib'", "code connects to nothing; do that in a program of your own"],
  ["named 'subprocess'", "code starts no programs; do that in a program of your own"],
  ["named 'scipy'", "there are no packages; calculate in a program of your own"],
  ["named 'matplotlib'", "there are no packages; print the numbers, and plot them in a program of your own"],
  ["attribute 'findall'", "write m = re.search(pattern, text), and go on behind m.group(0)"],
  ["attribute 'finditer'", "write m = re.search(pattern, text), and go on behind m.group(0)"],
  ["attribute 'Counter'", "write counts[x] = counts.get(x, 0) + 1"],
  ["regex too complex", "a group has a number and no name: write (…) and m.group(1)"],
  ["rsplit(None,n)", "write text.rsplit(' ', n)"],
  ["attribute 'translate'", "write text.replace(old, new) for each letter"],
  ["module 'asyncio' has no attribute 'run'", "code waits with time.sleep; call functions, not coroutines"],
  ["name 'PermissionError'", "write except OSError"],
  ["name 'FileNotFoundError'", "write except OSError"],
  ["named 'tkinter'", "there is no window; get_dashboard() reads and sets the fields"],
  ["named 'serial'", "an instrument is spoken to by its driver; call its commands"],
  ["named 'socket'", "code connects to nothing; do that in a program of your own"],
  ["named 'numpy'", "there are no packages; calculate in a program of your own"],
  ["named 'pandas'", "there are no packages; calculate in a program of your own"],
];

/**
 * @param message What MicroPython says.
 * @returns The same, and what to write instead where that is known.
 */
export function withAdvice(message: string): string {
  const found = instead.find(([part]) => message.includes(part));
  return found === undefined ? message : `${message}; MicroPython lacks it: ${found[1]}`;
}
