/** A real MQTT broker, Debian's mosquitto, and its own clients. */
import { eventually } from "./fixture.ts";
import { hasOthers, nameForOthers, OtherProgram, runOther } from "./other_program.ts";

/** Whether there is one; without it the tests of MQTT are ignored. */
export const hasMosquitto: boolean = await hasOthers("-h", "mosquitto", "mosquitto_sub");
if (!hasMosquitto) console.warn("mosquitto and mosquitto-clients are not installed: MQTT is not tested");

/** A broker on a port of its own, in a folder of its own; it keeps nothing over a restart. */
export class Mosquitto {
  readonly folder: string;
  readonly port: number;
  #program: OtherProgram | undefined;

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
    // As root it would become a user who may read none of that.
    const all = ["user root", `listener ${port} 127.0.0.1`, "log_type all", "persistence false", ...lines];
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${broker.folder}/${name}`, text);
    await Deno.writeTextFile(
      `${broker.folder}/mosquitto.conf`,
      all.join("\n").replaceAll("FOLDER", nameForOthers(broker.folder)),
    );
    await broker.start();
    return broker;
  }

  /** What it has told since it was started. */
  get told(): string {
    return this.#program?.out ?? "";
  }

  /** Starts it, again at the same port. */
  async start(): Promise<void> {
    this.#program = await OtherProgram.start("mosquitto", ["-c", nameForOthers(`${this.folder}/mosquitto.conf`)]);
    await eventually(() => / running/.test(this.told), "the broker listens");
  }

  /** Lets it go on, or not. */
  async signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    await this.#program!.signal(signal);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  /** Publishes by its own client. */
  async publish(topic: string, payload: string, ...more: readonly string[]): Promise<void> {
    const args = ["-h", "127.0.0.1", "-p", String(this.port), "-t", topic, "-m", payload, ...more];
    const told = await runOther("mosquitto_pub", args);
    if (told !== "") throw new Error(told);
  }

  /** Subscribes by its own client. */
  async listen(topic = "#", ...more: readonly string[]): Promise<Listener> {
    const listener = await Listener.start(this.port, topic, more);
    await eventually(() => /SUBACK/.test(this.told), "it listens");
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
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
  readonly #program: OtherProgram;

  private constructor(program: OtherProgram) {
    this.#program = program;
  }

  /** Starts one. */
  static async start(port: number, topic: string, more: readonly string[]): Promise<Listener> {
    const args = ["-h", "127.0.0.1", "-p", String(port), "-t", topic, "-F", "%r\t%t\t%p", ...more];
    return new Listener(await OtherProgram.start("mosquitto_sub", args));
  }

  /** All that came, oldest first. */
  get heard(): Heard[] {
    return this.#program.out.split("\n").slice(0, -1).map((line) => {
      const [retained, topic, payload] = line.split("\t") as [string, string, string];
      return { retained: retained === "1", topic, payload };
    });
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
    await this.#program.kill();
  }
}
