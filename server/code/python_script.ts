/**
 * The Python that loads a PyOpticon script: its steps are told to the server, and its functions and conditions called
 * when it says so.
 *
 * @module
 */

/** Python source of the library, which is loaded where a script is run. */
export const scriptLibrary = `
import inspect

steps = []
loaded = False


def load(source, ask, dashboard):
    def add(function, **step):
        if loaded:
            raise RuntimeError("steps are scheduled while the script is loaded, and not by its functions")
        ask("step", step=step)
        steps.append(function)

    def schedule_delay(delay):
        parts = delay.split(":") if type(delay) is str else ()
        try:
            hours, minutes, seconds = [int(part) for part in parts]
            if min(hours, minutes, seconds) < 0:
                raise ValueError()
        except ValueError:
            raise ValueError("a delay is 'h:mm:ss', as '0:01:30': " + repr(delay))
        add(None, kind="delay", seconds=3600 * hours + 60 * minutes + seconds)

    def failing(if_fails):
        if if_fails not in ("pause", "skip", "stop"):
            raise ValueError("if_fails is 'pause', 'skip' or 'stop': " + repr(if_fails))
        return {} if if_fails == "pause" else {"ifFails": if_fails}

    def schedule_action(target_widget_nickname, target_field_name, new_target_value, confirm=True, if_fails="pause"):
        value = new_target_value
        if type(value) not in (str, bool):
            value = str(value)
        add(
            None,
            kind="action",
            instrument=target_widget_nickname,
            field=target_field_name,
            value=value,
            confirm=bool(confirm),
            **failing(if_fails)
        )

    def schedule_function(function, if_fails="pause"):
        if not callable(function):
            raise TypeError("schedule_function takes a function: " + repr(function))
        add(function, kind="function", name=_name(function), **failing(if_fails))

    def schedule_await_condition(condition, console_message="(No summary provided)"):
        if not callable(condition):
            raise TypeError("schedule_await_condition takes a function: " + repr(condition))
        add(condition, kind="await", name=_name(condition), message=str(console_message))

    names = {
        "__name__": "__main__",
        "schedule_delay": schedule_delay,
        "schedule_action": schedule_action,
        "schedule_function": schedule_function,
        "schedule_await_condition": schedule_await_condition,
        "get_dashboard": lambda: dashboard,
    }
    # One namespace: functions and lambdas see what the script has defined.
    global loaded
    exec(compile(source, "<code>", "exec"), names)
    loaded = True


def call(number, dashboard):
    function = steps[number]
    value = function(dashboard) if _parameters(function) > 0 else function()
    # What a condition returns may raise when it is asked whether it is true.
    return bool(value)


def _parameters(function):
    try:
        return len(inspect.signature(function).parameters)
    except NotImplementedError:
        # A method: PyOpticon counts its self.
        return 1


def _name(function):
    name = getattr(function, "__name__", "")
    return name if type(name) is str and name != "<lambda>" else ""


methods = {"load": load, "call": call}
`;
