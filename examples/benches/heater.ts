// A driver of one's own. heliograph is its function's first argument; the import below is of types only, helps an
// editor, and may be left out.
import type { DriverModule, Turn } from "../../mod.ts";

/** The text with its check sum, as the heater's manual wants it: two hexadecimal digits, the sum of all bytes. */
function summed(text: string): string {
  const sum = [...text].reduce((total, character) => total + character.charCodeAt(0), 0) % 256;
  return text + sum.toString(16).padStart(2, "0").toUpperCase();
}

const heater: DriverModule = (
  { defineInstrument, command, HeliographError, PortContact },
  { title, port, options },
) => {
  if (port === undefined) throw new TypeError('it needs a "port"');
  /** Asks; what does something is sent `always`, also while the answer to an earlier question is late. */
  const ask = async (turn: Turn, text: string, always = false): Promise<string> => {
    const answer = await turn.ask({
      text: summed(text),
      always,
      timeout: 1,
      accepts: (line) => summed(line.slice(0, -2)) === line,
      expected: "ended with its check sum",
    });
    if (answer.startsWith("ERR")) {
      throw new HeliographError("command_failed", `refused ${text}: ${answer.slice(3, -2)}`);
    }
    return answer.slice(0, -2);
  };
  // It keeps the heater in contact: greets it, and greets it again after the cable was pulled.
  const contact = new PortContact(port, {
    title,
    greet: async (turn) => void await ask(turn, "ID"),
    farewell: async (turn) => void await ask(turn, "H0"),
  });
  const read = (text: string) => async (signal: AbortSignal) =>
    Number(await contact.use("poll", signal, (turn) => ask(turn, text)));
  return defineInstrument({
    title,
    summary: "sample heater with check sums",
    contact,
    fields: {
      Temperature: { type: "float", unit: "°C", decimals: 1, read: read("T") },
      Setpoint: {
        type: "float",
        unit: "°C",
        minimum: 0,
        maximum: Number(options.maximum ?? 200),
        decimals: 1,
        read: read("S"),
        write: (value, signal) => contact.use("command", signal, (turn) => ask(turn, `S${value.toFixed(1)}`, true)),
      },
    },
    commands: {
      off: command({
        summary: "Switch the heating off, before everything that waits",
        stop: true,
        run: async (_, { signal }) => void await contact.use("immediate", signal, (turn) => ask(turn, "H0")),
      }),
    },
  });
};

export default heater;
