"""Modbus devices by pymodbus, over TCP and as RTU over TCP: says their ports, and serves until its input ends."""
import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


def block(values, count):
    return ModbusSequentialDataBlock(0, values + [0] * (count - len(values)))


def unit(first):
    return ModbusSlaveContext(
        co=block([1, 0, 1, 1], 20),
        di=block([0, 1], 20),
        # 21.5 as a float of the order CDAB, -5, 70000, a word of bits, a text, a float of 64 bits.
        hr=block([0x0000, 0x41AC, first, 0x0001, 0x1170, 0x00A5, 0x4865, 0x6C6C, 0x6F00, 0x400A, 0x0000, 0, 0], 50),
        ir=block([1234, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], 20),
        zero_mode=True,
    )


async def main():
    context = ModbusServerContext(slaves={1: unit(0xFFFB), 7: unit(700)}, single=False)
    servers = [ModbusTcpServer(context, framer, address=("127.0.0.1", 0)) for framer in (ModbusSocketFramer, ModbusRtuFramer)]
    serving = [asyncio.ensure_future(server.serve_forever()) for server in servers]
    await asyncio.gather(*(server.serving for server in servers))
    print(*(server.server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in serving:
        task.cancel()


asyncio.run(main())
