/** Instruments behind terminal servers that negotiate by telnet. */
import assert from "node:assert/strict";
import { TelnetDecoder } from "../../../protocol/telnet.ts";
import { byteText } from "../../../server/devices/transports/line_codec.ts";
import { eventually } from "../../fixture.ts";
import { ServedBench } from "./devices.ts";
import { latin1, serveFake } from "./fakes/server.ts";

Deno.test("telnet: what is negotiated is answered, and is never part of an answer", async () => {
  const heard: string[] = [];
  await using server = serveFake(0, async (line) => {
    // WILL ECHO, DO TERMINAL TYPE, and in the middle of an answer a WILL BINARY.
    await line.write(latin1("\xff\xfb\x01\xff\xfd\x18"));
    let rest = "";
    for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
      rest += byteText(bytes);
      const commands = rest.split("\r\n");
      rest = commands.pop()!;
      for (const command of commands) {
        heard.push(command);
        if (command.endsWith("T?")) await line.write(latin1("2\xff\xfb\x001.5\r\n"));
      }
    }
  });
  await using bench = await ServedBench.one({
    title: "Bath",
    port: `telnet://127.0.0.1:${server.port}`,
    line: { sendEnd: "\r\n", receiveEnd: "\r\n" },
    fields: { T: { type: "float", read: "T?" } },
  });
  await eventually(() => bench.field("bath", "T").quality === "good", "a reading");
  assert.equal(bench.field("bath", "T").value, 21.5);
  await eventually(() => heard.join("").includes("\xff\xfd\x00"), "DO BINARY");
  assert.ok(heard.join("").includes("\xff\xfd\x01"), "it may echo");
  assert.ok(heard.join("").includes("\xff\xfc\x18"), "there is no terminal of any type");
  assert.equal(heard.join("").split("\xff\xfd\x01").length, 2, "once");
});

Deno.test("telnet: bytes cut anywhere, doubled ones, subnegotiations, and what is agreed to already", () => {
  const whole = latin1(
    "a\xff\xffb\xff\xfa\x18\x01\xff\xff\xff\xf0c\r\0d\r\n\xff\xf9e\xff\xfb\x03\xff\xfb\x03\xff\xfc\x03\xff\xfe\x01",
  );
  for (const size of [1, 2, 3, whole.length]) {
    const decoder = new TelnetDecoder();
    let data = "";
    let reply = "";
    for (let at = 0; at < whole.length; at += size) {
      const part = decoder.push(whole.slice(at, at + size));
      data += byteText(part.data);
      reply += byteText(part.reply);
    }
    assert.equal(data, "a\xffbc\rd\r\ne");
    assert.equal(reply, "\xff\xfd\x03\xff\xfe\x03");
  }
  const decoder = new TelnetDecoder();
  assert.equal(byteText(decoder.encode(latin1("A\xff\rB\r\n"))), "A\xff\xff\r\0B\r\n");
  assert.equal(byteText(decoder.push(latin1("\xff\xfd\0\xff\xfb\0")).reply), "\xff\xfb\0\xff\xfd\0");
  assert.equal(byteText(decoder.encode(latin1("\rB"))), "\rB", "binary, a return is a byte as any");
  assert.equal(byteText(decoder.push(latin1("\r\0")).data), "\r\0");
});
