"""A VXI-11 server made of pyvisa-py's remote procedure calls and data; prints its port, then what it is told."""
from pyvisa_py.protocols import rpc, vxi11


class Instrument(rpc.TCPServer):
    answer = b""

    def addpackers(self):
        self.packer = vxi11.Vxi11Packer()
        self.unpacker = vxi11.Vxi11Unpacker("")

    def result(self, *numbers):
        for number in numbers:
            self.packer.pack_int(number)

    def handle_10(self):  # create_link
        args = self.unpacker.unpack_int(), self.unpacker.unpack_bool(), self.unpacker.unpack_uint()
        device = self.unpacker.unpack_string()
        self.turn_around()
        print("link", args[1], device.decode(), flush=True)
        self.result(0, 7, 0, 64)

    def handle_11(self):  # device_write
        link, flags = self.unpacker.unpack_int(), [self.unpacker.unpack_uint() for _ in range(3)][2]
        data = self.unpacker.unpack_opaque()
        self.turn_around()
        print("write", link, flags, data, flush=True)
        if b"?" in data:
            self.answer = b"Python,server,1,2\n"
        self.result(0, len(data))

    def handle_12(self):  # device_read
        args = [self.unpacker.unpack_int() for _ in range(6)]
        self.turn_around()
        data, self.answer = self.answer[:10], self.answer[10:]
        self.result(0 if data else 15, 4 if data and not self.answer else 0)
        self.packer.pack_opaque(data)

    def handle_15(self):  # device_clear
        args = [self.unpacker.unpack_int() for _ in range(4)]
        self.turn_around()
        print("clear", args[0], flush=True)
        self.result(0)

    def handle_23(self):  # destroy_link
        link = self.unpacker.unpack_int()
        self.turn_around()
        print("destroy", link, flush=True)
        self.result(0)


server = Instrument("127.0.0.1", vxi11.DEVICE_CORE_PROG, vxi11.DEVICE_CORE_VERS, 0)
server.sock.listen(1)
print(server.sock.getsockname()[1], flush=True)
server.session(server.sock.accept())
