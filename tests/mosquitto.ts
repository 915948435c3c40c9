/** A real MQTT broker, Debian's mosquitto, and its own clients. */
import { eventually } from "./fixture.ts";

// Without arguments it would serve.
const runs = (program: string) =>
  new Deno.Command(program, { args: ["-h"], stdout: "null", stderr: "null" }).output().then(() => true, () => false);

/** Whether there is one; without it the tests of MQTT are ignored. */
export const hasMosquitto: boolean = Deno.build.os !== "windows" && await runs("mosquitto") &&
  await runs("mosquitto_sub");
if (!hasMosquitto) console.warn("mosquitto and mosquitto-clients are not installed: MQTT is not tested");

/** A broker on a port of its own, in a folder of its own; it keeps nothing over a restart. */
export class Mosquitto {
  readonly folder: string;
  readonly port: number;
  #child: Deno.ChildProcess | undefined;
  told = "";

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /**
   * Starts one.
   *
   * @param lines Of its configuration. @param files What lies in its folder.
   */
  static async start(
    lines: readonly string[] = ["allow_anonymous true"],
    files: Readonly<Record<string, string>> = {},
  ): Promise<Mosquitto> {
    // It takes no port 0.
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr as Deno.NetAddr;
    free.close();
    const broker = new Mosquitto(await Deno.makeTempDir(), port);
    const all = [`listener ${port} 127.0.0.1`, "log_type all", "persistence false", ...lines];
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${broker.folder}/${name}`, text);
    await Deno.writeTextFile(`${broker.folder}/mosquitto.conf`, all.join("\n").replaceAll("FOLDER", broker.folder));
    // As root it would become a user who may read none of that.
    await new Deno.Command("chmod", { args: ["-R", "a+rX", broker.folder] }).output();
    await broker.start();
    return broker;
  }

  /** Starts it, again at the same port. */
  async start(): Promise<void> {
    this.told = "";
    const child = this.#child = new Deno.Command("mosquitto", {
      args: ["-c", `${this.folder}/mosquitto.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    void (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) this.told += text;
    })();
    await eventually(() => / running/.test(this.told), "the broker listens");
  }

  /** Lets it go on, or not. */
  signal(signal: Deno.Signal): void {
    this.#child!.kill(signal);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  /** Publishes by its own client. */
  async publish(topic: string, payload: string, ...more: readonly string[]): Promise<void> {
    const args = ["-h", "127.0.0.1", "-p", String(this.port), "-t", topic, "-m", payload, ...more];
    const { success, stderr } = await new Deno.Command("mosquitto_pub", { args, stderr: "piped" }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  /** Subscribes by its own client. */
  async listen(topic = "#", ...more: readonly string[]): Promise<Listener> {
    const listener = new Listener(this.port, topic, more);
    await eventually(() => /SUBACK/.test(this.told), "it listens");
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) await this.kill();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A message as somebody got it. */
export interface Heard {
  readonly retained: boolean;
  readonly topic: string;
  readonly payload: string;
}

/** mosquitto_sub, and what it has got. */
export class Listener {
  readonly #child: Deno.ChildProcess;
  readonly heard: Heard[] = [];
  readonly #reading: Promise<void>;

  constructor(port: number, topic: string, more: readonly string[]) {
    const args = ["-h", "127.0.0.1", "-p", String(port), "-t", topic, "-F", "%r\t%t\t%p", ...more];
    const child = this.#child = new Deno.Command("mosquitto_sub", { args, stdout: "piped", stderr: "null" }).spawn();
    this.#reading = (async () => {
      let rest = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          const [retained, topic, payload] = line.split("\t") as [string, string, string];
          this.heard.push({ retained: retained === "1", topic, payload });
        }
      }
    })();
  }

  /** All that came of a topic, oldest first. */
  of(topic: string): string[] {
    return this.heard.filter((each) => each.topic === topic).map(({ payload }) => payload);
  }

  /** The newest of a topic. */
  last(topic: string): string | undefined {
    return this.of(topic).at(-1);
  }

  /** Waits until the newest of a topic is this. */
  async until(topic: string, payload: string): Promise<void> {
    await eventually(() => this.last(topic) === payload, `${topic} is ${payload}, not ${this.last(topic)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#reading;
    await this.#child.status;
  }
}
