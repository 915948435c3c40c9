/** Publishing to a real MQTT broker, and being driven by it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { command, defineInstrument, HeliographServer, type Instrument } from "../../../mod.ts";
import { testCertificates, toldBy } from "../../certificates.ts";
import { eventually, localName, RawClient } from "../../fixture.ts";
import { hasMosquitto, Mosquitto } from "../../mosquitto.ts";
import { nameForOthers, runOther } from "../../other_program.ts";

const options = { ignore: !hasMosquitto };

/** An oven that counts what it is told. */
function oven(title = "Oven") {
  const told: unknown[] = [];
  const instrument = defineInstrument({
    title,
    summary: "an oven",
    fields: {
      Temperature: { type: "float", unit: "°C", decimals: 1, initial: 20.5 },
      Setpoint: {
        type: "float",
        unit: "°C",
        minimum: 0,
        maximum: 300,
        decimals: 1,
        initial: 20,
        write: (value) => void told.push(value),
      },
      Heater: { type: "switch", initial: false, write: (value) => void told.push(value) },
      Mode: { type: "choice", choices: ["ramp", "hold"], initial: "hold", write: (value) => void told.push(value) },
      Door: { type: "switch", access: "readout", initial: true },
      // Its topic is another than that of whether the oven is there.
      Availability: { type: "text", access: "readout", initial: "half" },
      "Rate / min (#+)": { type: "int", access: "readout", initial: 3 },
      Nothing: { type: "float", access: "readout" },
    },
    commands: {
      flash: command({ summary: "Flash its lamp", run: () => told.push("flash") }),
      wait: command({
        summary: "Wait",
        arguments: { seconds: { type: "float" } },
        run: ({ seconds }) => void told.push(`waited ${seconds}`),
      }),
    },
  });
  return { instrument, told };
}

/** A server that publishes to a broker as `lab`. */
function serve(broker: Mosquitto, instruments: readonly Instrument[], mqtt: object = {}, more: object = {}) {
  const server = new HeliographServer({
    instruments,
    name: "The lab",
    commandPort: 0,
    dashboardPort: 0,
    webPort: 0,
    tlsPort: 0,
    sandbox: { languages: [] },
    mqtt: { broker: `mqtt://127.0.0.1:${broker.port}`, name: "lab", every: 0.1, ...mqtt },
    ...more,
  });
  server.start();
  return server;
}

/** A certificate that vouches for itself, as somebody has made one with openssl. */
async function selfMade(name: string): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = await Deno.makeTempDir();
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const made = ["-subj", `/CN=${name}`, "-keyout", nameForOthers(key), "-out", nameForOthers(cert)];
  await runOther("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...made]);
  const texts = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  await Deno.remove(folder, { recursive: true });
  return texts;
}

async function line(server: HeliographServer, text: string): Promise<string> {
  await server.prepare();
  using client = await RawClient.connect(server.commandServer.port);
  return await client.ask(text);
}

Deno.test(
  "mqtt: values, attributes, contact and who is there are retained; what goes is cleared",
  options,
  async () => {
    await using broker = await Mosquitto.start();
    const { instrument } = oven();
    // What an earlier run of another bench left, and a stranger's.
    await broker.publish("heliograph/lab/gone/field", "1", "-r");
    await broker.publish("homeassistant/sensor/heliograph_lab/gone-field/config", "{}", "-r");
    await broker.publish("homeassistant/sensor/other/gone/config", "{}", "-r");
    await using listener = await broker.listen();
    {
      await using server = serve(broker, [instrument, oven("Alarms").instrument]);
      await server.prepare();
      await listener.until("heliograph/lab/availability", "online");
      strictEqual(listener.last("heliograph/lab/oven/temperature"), "20.5");
      strictEqual(listener.last("heliograph/lab/oven/heater"), "Off");
      strictEqual(listener.last("heliograph/lab/oven/availability"), "online");
      strictEqual(listener.last("heliograph/lab/oven/availability_"), "half");
      strictEqual(listener.last("heliograph/lab/oven/rate_min"), "3");
      strictEqual(listener.last("heliograph/lab/alarms_/temperature"), "20.5", "alarms are no instrument's");
      deepStrictEqual(listener.of("heliograph/lab/oven/nothing"), [], "what was never read has no value");
      const attributes = JSON.parse(listener.last("heliograph/lab/oven/temperature/attributes")!);
      deepStrictEqual(attributes, { title: "Temperature", quality: "good", unit: "°C" });
      strictEqual(JSON.parse(listener.last("heliograph/lab/about")!).topics, 1);
      await eventually(() => listener.last("heliograph/lab/gone/field") === "", "what an earlier run left is cleared");
      await eventually(
        () => listener.last("homeassistant/sensor/heliograph_lab/gone-field/config") === "",
        "its entity is cleared",
      );
      strictEqual(listener.last("homeassistant/sensor/other/gone/config"), "{}");
      const before = listener.heard.length;
      instrument.fields.Temperature.update(21.25);
      await listener.until("heliograph/lab/oven/temperature", "21.25");
      instrument.fields.Temperature.update(21.25);
      await server.bench.remove(instrument, "it was taken away");
      await listener.until("heliograph/lab/oven/temperature", "");
      await listener.until("heliograph/lab/oven/availability", "");
      await eventually(
        () => listener.last("homeassistant/sensor/heliograph_lab/oven-temperature/config") === "",
        "its entity is cleared",
      );
      const changes = listener.heard.slice(before).filter(({ topic }) => topic === "heliograph/lab/oven/temperature");
      deepStrictEqual(changes.map(({ payload }) => payload), ["21.25", ""], "each is published once");
      const status = JSON.parse((await line(server, "api.status")).slice(3));
      strictEqual(status.mqtt.connected, true);
    }
    await listener.until("heliograph/lab/availability", "offline");
    await using late = await broker.listen("heliograph/lab/#");
    await late.until("heliograph/lab/alarms_/temperature", "20.5");
    ok(late.heard.every(({ retained }) => retained));
  },
);

Deno.test(
  "mqtt: a broker that was killed gets everything again, once and as it is now; a slow one the newest",
  options,
  async () => {
    await using broker = await Mosquitto.start();
    const { instrument } = oven();
    await using server = serve(broker, [instrument], { every: 0.2 });
    {
      await using listener = await broker.listen("heliograph/lab/#");
      await listener.until("heliograph/lab/availability", "online");
      // Two hundred changes within two seconds.
      for (let each = 1; each <= 200; each++) {
        instrument.fields.Temperature.update(each);
        await new Promise((go) => setTimeout(go, 10));
      }
      await listener.until("heliograph/lab/oven/temperature", "200");
      const published = listener.of("heliograph/lab/oven/temperature").length;
      ok(published >= 3 && published < 30, `${published} of 200 changes were published`);
    }
    await broker.kill();
    await eventually(async () => /nothing listens at/.test(await line(server, "api.status")), "it is said");
    for (let each = 1; each <= 50; each++) instrument.fields.Temperature.update(each);
    await broker.start();
    await using listener = await broker.listen("heliograph/lab/#");
    await listener.until("heliograph/lab/availability", "online");
    deepStrictEqual(listener.of("heliograph/lab/oven/temperature"), ["50"]);
    deepStrictEqual(listener.of("heliograph/lab/oven/setpoint"), ["20"]);
    // It does not read for a while.
    await broker.signal("SIGSTOP");
    for (let each = 1; each <= 30; each++) {
      instrument.fields.Temperature.update(1000 + each);
      await new Promise((go) => setTimeout(go, 40));
    }
    await broker.signal("SIGCONT");
    await listener.until("heliograph/lab/oven/temperature", "1030");
  },
);

Deno.test(
  "mqtt: nothing is driven but what the bench file names, never by an old message, and with its outcome",
  options,
  async () => {
    await using broker = await Mosquitto.start();
    const { instrument, told } = oven();
    // Somebody's old command.
    await broker.publish("heliograph/lab/oven/setpoint/set", "299", "-r");
    await using listener = await broker.listen();
    const log = await toldBy(async () => {
      await using server = serve(broker, [instrument], {
        commands: ["oven.setpoint", "Oven.Mode", "oven.flash", "oven.wait", "oven.tempera"],
      });
      await server.prepare();
      await listener.until("heliograph/lab/availability", "online");
      const result = async (name: string, count: number) => {
        const topic = `heliograph/lab/oven/${name}/result`;
        await eventually(() => listener.of(topic).length >= count, `${topic} has ${count}`);
        strictEqual(listener.of(topic).length, count);
        const { time: _, ...outcome } = JSON.parse(listener.last(topic)!);
        return outcome;
      };
      await broker.publish("heliograph/lab/oven/setpoint/set", "120.5");
      deepStrictEqual(await result("setpoint", 1), { asked: "set", ok: true, value: null });
      await listener.until("heliograph/lab/oven/setpoint", "120.5");
      await broker.publish("heliograph/lab/oven/setpoint/set", "400");
      deepStrictEqual((await result("setpoint", 2)).error, {
        code: "out_of_limits",
        message: "Cannot set Setpoint of Oven to 400: above its maximum of 300 °C",
      });
      // The first two seconds are over: it listens to each topic now.
      await eventually(
        () =>
          /Received SUBSCRIBE from heliograph-lab[\s\S]*UNSUBSCRIBE from heliograph-lab[\s\S]*SUBACK/.test(broker.told),
        "it does",
      );
      await broker.publish("heliograph/lab/oven/mode/set", "ramp");
      strictEqual((await result("mode", 1)).ok, true);
      await broker.publish("heliograph/lab/oven/flash/call", "[]");
      strictEqual((await result("flash", 1)).asked, "call");
      await broker.publish("heliograph/lab/oven/wait/call", "[2.5]");
      strictEqual((await result("wait", 1)).ok, true);
      await broker.publish("heliograph/lab/oven/wait/call", "[{}]");
      match((await result("wait", 2)).error.message, /texts, numbers and booleans/);
      // Who has control keeps it from MQTT, too.
      using client = await RawClient.connect(server.commandServer.port);
      await client.ask("register ana");
      await client.ask("take oven 1m");
      await broker.publish("heliograph/lab/oven/mode/set", "hold");
      match((await result("mode", 2)).error.message, /ana .*has control/);
      await broker.publish("heliograph/lab/oven/heater/set", "On");
      await broker.publish("heliograph/lab/oven/confirm/call", "");
      await broker.publish("heliograph/lab/api/exit/call", "");
      await broker.publish("heliograph/lab/oven/availability", "x");
      await broker.publish("heliograph/lab/oven/setpoint/set", "\u0007", "-q", "1");
      match((await result("setpoint", 3)).error.message, /cannot be printed/);
      deepStrictEqual(told, [120.5, "ramp", "flash", "waited 2.5"]);
      const journal = await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/journal`);
      match(await journal.text(), /mqtt[^\n]*oven\.set setpoint 120\.5|oven\.set setpoint 120\.5[^\n]*mqtt/);
    });
    ok(log.some((each) => /oven\/setpoint\/set is retained by the broker, and left aside/.test(each)), log.join("\n"));
    ok(log.some((each) => /Not driven by MQTT: Oven has no setting or command tempera/.test(each)));
    strictEqual(listener.last("heliograph/lab/oven/setpoint/set") === "299", false);
  },
);

Deno.test("mqtt: a role without the right to drive drives nothing", options, async () => {
  await using broker = await Mosquitto.start();
  const { instrument, told } = oven();
  await using listener = await broker.listen();
  await using server = serve(broker, [instrument], { commands: ["oven"], role: "observer" });
  await server.prepare();
  await listener.until("heliograph/lab/availability", "online");
  await broker.publish("heliograph/lab/oven/setpoint/set", "120.5");
  await eventually(() => listener.of("heliograph/lab/oven/setpoint/result").length === 1, "it is answered");
  strictEqual(JSON.parse(listener.last("heliograph/lab/oven/setpoint/result")!).error.code, "not_allowed");
  deepStrictEqual(told, []);
  // Another of the same name: the broker lets one of them be there at a time.
  await using other = serve(broker, [oven().instrument]);
  await eventually(async () => {
    const answers = await Promise.all([server, other].map((each) => line(each, "api.status")));
    return answers.some((each) => each.includes("another is called heliograph-lab too"));
  }, "it is said");
});

Deno.test(
  "mqtt: a broker proves itself by its own authority, and the server by a password that no log has",
  options,
  async () => {
    const { authority, certificate } = await testCertificates();
    const hashed = await Deno.makeTempFile();
    await runOther("mosquitto_passwd", ["-c", "-b", nameForOthers(hashed), "heliograph", "sesame-77"]);
    await using broker = await Mosquitto.start([
      "allow_anonymous false",
      "password_file FOLDER/passwords",
      "certfile FOLDER/cert.pem",
      "keyfile FOLDER/key.pem",
    ], {
      passwords: await Deno.readTextFile(hashed),
      "cert.pem": certificate.cert,
      "key.pem": certificate.key,
      "ca.pem": authority.certificate,
      "right": "sesame-77\n",
      "wrong": "sesame-78\n",
    });
    await Deno.remove(hashed);
    const url = `mqtts://${localName}:${broker.port}`;
    const file = (name: string) => `${broker.folder}/${name}`;
    const status = async (server: HeliographServer) => JSON.parse((await line(server, "api.status")).slice(3)).mqtt;
    const log = await toldBy(async () => {
      const words = { broker: url, user: "heliograph", authorityFile: file("ca.pem") };
      for (
        const [mqtt, reason] of [
          [
            { ...words, passwordFile: file("wrong") },
            /lets this client in no more|does not take the user and the password/,
          ],
          [
            { ...words, passwordFile: file("right"), authorityFile: undefined },
            /did not prove itself by an authority that this PC trusts/,
          ],
          [{ ...words, passwordFile: file("none") }, /there is no file/],
          [
            { ...words, passwordFile: file("right"), broker: `mqtt://${localName}:${broker.port}` },
            /is it TLS there \(mqtts:\/\/\)\?/,
          ],
        ] as const
      ) {
        await using server = serve(broker, [oven().instrument], mqtt);
        let told = "";
        await eventually(async () => reason.test(told = (await status(server)).reason), String(reason))
          .catch((error) => {
            throw new Error(`${error.message}; ${told}`);
          });
      }
      await using server = serve(broker, [oven().instrument], { ...words, passwordFile: file("right") });
      await eventually(async () => (await status(server)).connected, "it is there");
    });
    ok(!log.some((each) => /sesame/.test(each)));
  },
);

Deno.test(
  "mqtt: the server proves itself by a certificate where the broker asks for one, and is who that says",
  options,
  async () => {
    const { authority, certificate } = await testCertificates();
    const own = await selfMade("cold-lab");
    const stranger = await selfMade("stranger");
    await using broker = await Mosquitto.start([
      "allow_anonymous false",
      "require_certificate true",
      "use_identity_as_username true",
      "cafile FOLDER/clients.pem",
      "certfile FOLDER/cert.pem",
      "keyfile FOLDER/key.pem",
      "acl_file FOLDER/acl",
    ], {
      "cert.pem": certificate.cert,
      "key.pem": certificate.key,
      "ca.pem": authority.certificate,
      "clients.pem": own.cert,
      "own.pem": own.cert,
      "own.key": own.key,
      "stranger.pem": stranger.cert,
      "stranger.key": stranger.key,
      "acl": "user cold-lab\ntopic readwrite #\n",
    });
    const file = (name: string) => `${broker.folder}/${name}`;
    const words = { broker: `mqtts://${localName}:${broker.port}`, authorityFile: file("ca.pem") };
    const given = (certificateFile: string, keyFile: string) => ({
      ...words,
      certificateFile: file(certificateFile),
      keyFile: file(keyFile),
    });
    const status = async (server: HeliographServer) => JSON.parse((await line(server, "api.status")).slice(3)).mqtt;
    for (
      const [mqtt, reason] of [
        // Windows throws away what the broker said, where it has not read all.
        [words, /asks for a certificate: say certificateFile|does it ask for a certificate \(certificateFile\)\?/],
        [
          given("stranger.pem", "stranger.key"),
          /does not take the certificate in certificateFile|closed the connection/,
        ],
        [given("acl", "own.key"), /certificateFile, keyFile: No certificates found/],
        [given("own.pem", "none"), /there is no file .*none/],
      ] as const
    ) {
      await using server = serve(broker, [oven().instrument], mqtt);
      let told = "";
      await eventually(async () => reason.test(told = (await status(server)).reason), String(reason))
        .catch((error) => {
          throw new Error(`${error.message}; ${told}`);
        });
    }
    await using server = serve(broker, [oven().instrument], given("own.pem", "own.key"));
    await eventually(async () => {
      const { connected, waiting } = await status(server);
      return connected && waiting === 0;
    }, "it is there, and has published");
    match(broker.told, /New client connected from .* as heliograph-lab \(.*u'cold-lab'/);
  },
);

Deno.test(
  "mqtt: somebody is told of an alarm by a topic of theirs, also where the broker was away",
  options,
  async () => {
    await using broker = await Mosquitto.start();
    const { instrument } = oven();
    await using server = serve(broker, [instrument], {}, {
      guards: { alarms: { Hot: { when: "oven.temperature > 100", severity: "high", text: "Go there" } } },
      messages: { people: { ana: { mqtt: "phones/ana" } }, rules: [{ to: ["ana"] }] },
    });
    await server.prepare();
    const subjects = (listener: { of(topic: string): string[] }) =>
      listener.of("phones/ana").map((each) => JSON.parse(each).subject);
    {
      await using listener = await broker.listen();
      await listener.until("heliograph/lab/availability", "online");
      strictEqual(await line(server, "messages.test ana").then((answer) => answer.startsWith("OK")), true);
      await eventually(() => subjects(listener).length === 1, "the test comes");
      ok(!listener.heard.some(({ topic, retained }) => topic === "phones/ana" && retained));
    }
    await broker.kill();
    await eventually(async () => /nothing listens at/.test(await line(server, "api.status")), "it is noticed");
    instrument.fields.Temperature.update(150);
    await eventually(async () =>
      /"waiting": ?1/.test(await line(server, "messages.list")) ||
      /not there/.test(await line(server, "messages.list")), "it waits");
    await broker.start();
    await using listener = await broker.listen();
    await listener.until("heliograph/lab/availability", "online");
    await line(server, "messages.retry");
    await eventually(() => subjects(listener).length > 0, "it comes");
    match(subjects(listener)[0]!, /HIGH: Hot/);
  },
);
