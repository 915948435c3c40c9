"""Both of heliograph's wires from plain Python: python3 examples/plain_socket.py [COMMAND_PORT DASHBOARD_PORT]"""
import json, socket, sys

command_port, dashboard_port = map(int, sys.argv[1:3] or (2402, 12345))

with socket.create_connection(("127.0.0.1", command_port), 5) as azcam:
    lines = azcam.makefile("rw", encoding="utf-8", newline="\n")
    lines.write("tempcon.get_control_temperature\n")
    lines.flush()
    print(lines.readline().strip())

with socket.create_connection(("127.0.0.1", dashboard_port), 5) as dashboard:
    lines = dashboard.makefile("rw", encoding="utf-8", newline="\n")
    lines.write(json.dumps({"id": 1, "cmd": "Get", "widget_nickname": "Methane MFC", "field_name": "Setpoint Entry"}))
    lines.flush()
    print(json.loads(lines.readline())["value"])
