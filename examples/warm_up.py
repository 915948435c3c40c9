# Code for `heliograph exec examples/warm_up.py --show-output`: it runs on the server, in the sandbox.
bench = get_dashboard()
bench.set_field("Methane MFC", "Mode Selection", "Setpoint", confirm=False)
bench.set_field("Methane MFC", "Setpoint Entry", "30")


def switch_on():
    # Nobody else's command comes between these two.
    bench.set_field("UV Light", "Status Selection", "On")
    print("light", bench.get_field("UV Light", "Status Selection"), "at", bench.get_field("Methane MFC", "Setpoint Entry"))


do_threadsafe(switch_on)
