/** MQTT as people have it: a bench file, and the program that they start. */
import { match, ok, rejects, strictEqual } from "node:assert/strict";
import { loadBench } from "../../../server/config/bench_file.ts";
import { testCertificates } from "../../certificates.ts";
import { codeBlocks } from "../../documents.ts";
import { localName, runProgram } from "../../fixture.ts";
import { hasMosquitto, Mosquitto } from "../../mosquitto.ts";
import { nameForOthers } from "../../other_program.ts";
import { type Program, programs, ServerProcess } from "../../server_process.ts";

Deno.test("mqtt: the program publishes the example of the documentation by TLS; killed, it is offline", {
  ignore: !hasMosquitto,
}, async () => {
  const { authority, certificate } = await testCertificates();
  const [example] = (await codeBlocks("docs/mqtt.md")).filter(({ code }) => code.includes('"mqtt": {'));
  await using broker = await Mosquitto.start([
    "allow_anonymous true",
    "certfile FOLDER/cert.pem",
    "keyfile FOLDER/key.pem",
  ], {
    "cert.pem": certificate.cert,
    "key.pem": certificate.key,
    "lab-authority.pem": authority.certificate,
    "mqtt.password": "sesame-77\n",
  });
  const bench = `${broker.folder}/bench.json`;
  await Deno.writeTextFile(bench, example!.code.replace("mqtts://broker.lab", `mqtts://${localName}:${broker.port}`));
  const [program] = programs as [Program];
  const check = await runProgram(program.path, [...program.client, "check", bench]);
  strictEqual(check.code, 0, check.stderr);
  const secure = ["--cafile", nameForOthers(`${broker.folder}/lab-authority.pem`), "-h", localName];
  await using listener = await broker.listen("heliograph/#", ...secure);
  {
    await using server = new ServerProcess({ ...program, server: [...program.client, "server"] }, ["--bench", bench]);
    const [, port] = await server.ports();
    await listener.until("heliograph/cold-lab/availability", "online");
    match(listener.last("heliograph/cold-lab/tempcon/camtemp")!, /^-?\d+(?:\.\d+)?$/);
    await broker.publish("heliograph/cold-lab/tempcon/control_temperature/set", "-95", ...secure);
    await listener.until("heliograph/cold-lab/tempcon/control_temperature", "-95");
    const status = await runProgram(program.path, [...program.client, "status", "--port", String(port)]);
    match(status.stdout, /Published by MQTT: mqtts:\/\/(?:localhost|127\.0\.0\.1):\d+/);
    ok(!`${status.stdout}${server.out}${server.err}`.includes("sesame"));
    server.kill("SIGKILL");
    await listener.until("heliograph/cold-lab/availability", "offline");
  }
});

Deno.test("mqtt: a bench file that names what cannot be is refused, with its line", async () => {
  const folder = await Deno.makeTempDir();
  const bench = `${folder}/lab.json`;
  const tempcon = '"instruments": [{ "title": "Tempcon", "driver": "simulated-tempcon" }]';
  for (
    const [words, reason] of [
      ['"broker": "broker.lab"', /mqtt\.broker.*must be mqtts:\/\/HOST:PORT/],
      ['"broker": "mqtt://a", "every": "1 day"', /mqtt\.every.*must be a time of 0\.1s to 60m/],
      ['"broker": "mqtt://a", "passwordFile": "none"', /mqtt\.user.*no password without a user/],
      ['"broker": "mqtts://a", "keyFile": "none"', /mqtt: certificateFile and keyFile belong together/],
      [
        '"broker": "mqtt://a", "certificateFile": "none", "keyFile": "none"',
        /mqtt\.broker.*must be mqtts:\/\/ where this PC proves itself/,
      ],
      ['"broker": "mqtt://a", "name": "a/#"', /mqtt\.name.*letters, digits/],
      [
        '"broker": "mqtt://a", "role": "opertor"',
        /mqtt\.role: is opertor; did you mean operator\?|mqtt\.role.*operator/,
      ],
      ['"broker": "mqtt://a", "fields": ["tempcon.camtmp"]', /mqtt\.fields\[0\].*camtemp/],
      ['"broker": "mqtt://a", "commands": ["tempcon.camtemp"]', /mqtt\.commands\[0\].*readout, which nobody sets/],
      ['"broker": "mqtt://a", "commands": ["tempcon.set"]', /mqtt\.commands\[0\].*no setting or command set/],
      ['"broker": "mqtt://a", "commands": ["api.exit"]', /mqtt\.commands\[0\].*heliograph's own/],
      ['"broker": "mqtt://a", "commands": ["tempcom"]', /mqtt\.commands\[0\].*did you mean tempcon/i],
    ] as const
  ) {
    await Deno.writeTextFile(bench, `{ "mqtt": { ${words} },\n ${tempcon} }`);
    await rejects(loadBench(bench), reason);
  }
  await Deno.writeTextFile(
    bench,
    `{ "mqtt": { "broker": "mqtt://a", "user": "lab", "passwordFile": "none" },\n ${tempcon} }`,
  );
  const loaded = await loadBench(bench);
  ok(loaded.missing.some(({ message }) => /there is no file .*none/.test(message)));
  await loaded.close();
  await Deno.remove(folder, { recursive: true });
});
