"""A stand-in for PyOpticon's dashboard that evaluates Python, as the original does: its socket and its names, no window."""
import json
import socket


class Var:
    def __init__(self, text):
        self.text = text

    def get(self):
        return self.text


class Label: pass
class Entry: pass
class OptionMenu: pass


class Widget:
    def __init__(self, name, **fields):
        self.name = name
        self.attributes = {title: Var(text) for title, (text, _) in fields.items()}
        self.field_gui_objects = {title: (Label(), kind()) for title, (_, kind) in fields.items()}


class Dashboard:
    serial_connected = False
    widgets_by_nickname = {
        "Reactor TC": Widget("Reactor Thermocouple", Temperature=("No Reading", Label)),
        "UV Light": Widget("UV Light", **{"Status Selection": ("Off", OptionMenu), "Actual Status": ("No Reading", Label)}),
    }


dashboard = Dashboard()


def answer(message):
    kind, printout = message["cmd"], message["printout"]
    if kind == "Eval":
        return eval(message["code"], {"get_dashboard": lambda: dashboard})
    widget = dashboard.widgets_by_nickname[message["widget_nickname"]]
    if kind == "Get":
        return widget.attributes[message["field_name"]].get()
    if kind == "Set":
        widget.attributes[message["field_name"]].text = message["new_value"]
    return "Success"


server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    try:
        while True:
            message = json.loads(client.recv(1024).decode())
            if message["cmd"] == "Close":
                break
            try:
                reply = answer(message)
            except Exception as error:
                reply = "Error: " + str(error)
            client.send(reply.encode())
    except Exception:
        pass
    client.close()
