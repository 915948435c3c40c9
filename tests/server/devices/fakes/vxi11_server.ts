/** An instrument that speaks VXI-11, and a port mapper, written from VXI-11 revision 1.0 and RFC 1833. */
import { joined } from "../../../../protocol/bytes.ts";
import { ByteReader } from "../../../../server/devices/transports/byte_reader.ts";
import { byteText } from "../../../../server/devices/transports/line_codec.ts";
import type { Line } from "../../../../server/devices/transports/line.ts";
import { readRecord, rpcRecord, XdrReader, XdrWriter } from "../../../../server/devices/transports/onc_rpc.ts";
import { portMapper, vxi11 } from "../../../../server/devices/transports/vxi11.ts";
import type { Behaviour } from "../devices.ts";
import { type FakeServer, latin1, serveFake } from "./server.ts";

/** What such an instrument has been told. */
export interface Vxi11Server extends FakeServer {
  readonly address: string;
  readonly told: string[];
  /** The devices that links were made to. */
  readonly devices: string[];
  readonly clears: number;
  /** The links that are open. */
  readonly links: ReadonlySet<number>;
}

interface Options {
  readonly port?: number;
  /** The most bytes in a write, and in a reply to a read. @default 1024 */
  readonly largest?: number;
}

/** Carries out calls on a connection. @param run Writes the result of a procedure; `undefined` where there is none such. */
async function serveCalls(
  line: Line,
  run: (program: number, procedure: number, args: XdrReader) => Promise<XdrWriter>,
) {
  const reader = new ByteReader(line);
  for (let record = await readRecord(reader); record !== null; record = await readRecord(reader)) {
    const call = new XdrReader(record);
    const number = call.number();
    if (call.number() !== 0 || call.number() !== 2) throw new Error("no call");
    const [program, , procedure] = [call.number(), call.number(), call.number()] as const;
    for (let each = 0; each < 2; each++) {
      call.number();
      call.opaque();
    }
    const result = await run(program, procedure, call);
    const head = new XdrWriter().number(number).number(1).number(0).number(0).number(0).number(0);
    await line.write(rpcRecord(joined([head.bytes, result.bytes])));
  }
}

/** Listens. */
export function vxi11Server(behaviour: Behaviour, { port = 0, largest = 1024 }: Options = {}): Vxi11Server {
  const told: string[] = [];
  const devices: string[] = [];
  const links = new Set<number>();
  let clears = 0;
  let last = 0;
  const server = serveFake(port, async (line) => {
    const mine: number[] = [];
    let message = "";
    const output: string[] = [];
    const result = (error: number) => new XdrWriter().number(error);
    try {
      await serveCalls(line, async (program, procedure, args) => {
        if (program !== vxi11.program) throw new Error("no such program");
        if (procedure === vxi11.createLink) {
          args.number();
          args.number();
          args.number();
          const device = args.text();
          devices.push(device);
          if (device === "none") return result(3).number(0).number(0).number(0);
          links.add(++last);
          mine.push(last);
          return result(0).number(last).number(0).number(largest);
        }
        if (!links.has(args.number())) return result(4);
        if (procedure === vxi11.clear) {
          clears++;
          output.length = 0;
          return result(0);
        }
        if (procedure === vxi11.destroyLink) {
          for (const link of mine) links.delete(link);
          return result(0);
        }
        if (procedure === vxi11.write) {
          args.number();
          args.number();
          const flags = args.number();
          const bytes = args.opaque();
          if (bytes.length > largest) return result(5).number(0);
          message += byteText(bytes);
          if ((flags & 8) === 0) return result(0).number(bytes.length);
          const whole = message;
          message = "";
          told.push(whole);
          const answer = behaviour(whole.replace(/\n$/, ""), (text) => output.push(text));
          if (typeof answer === "string") output.splice(0, Infinity, answer);
          return result(0).number(bytes.length);
        }
        if (procedure !== vxi11.read) return result(8);
        const size = Math.min(largest, args.number());
        const until = performance.now() + args.number();
        while (output.length === 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 2));
        const answer = output.shift();
        if (answer === undefined) return result(15).number(0).opaque(new Uint8Array());
        if (answer.length > size) output.unshift(answer.slice(size));
        return result(0).number(answer.length > size ? 1 : 4).opaque(latin1(answer.slice(0, size)));
      });
    } finally {
      for (const link of mine) links.delete(link);
    }
  });
  return {
    ...server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    address: `vxi11://127.0.0.1:${server.port}/inst0`,
    told,
    devices,
    links,
    get clears() {
      return clears;
    },
  };
}

/** A port mapper, which knows of one VXI-11. */
export function portMapperFor(knownPort: number): FakeServer {
  return serveFake(portMapper.port, (line) =>
    serveCalls(line, (program, procedure, args) => {
      const [asked] = [args.number(), args.number(), args.number()];
      const right = program === portMapper.program && procedure === portMapper.getPort && asked === vxi11.program;
      return Promise.resolve(new XdrWriter().number(right ? knownPort : 0));
    }));
}
