/**
 * The bench file that `heliograph init` writes.
 *
 * @module
 */

/** The file name of the schema beside a bench file. */
export const schemaFile = "heliograph.schema.json";

/** A bench file that works with simulators, and says what to change. */
export const starterBench = `{
  // What stands on this PC's bench. JSON with comments; "heliograph check FILE" says what is wrong with it.
  // An editor that knows JSON Schema (VS Code does) completes it and explains every word:
  "$schema": "./${schemaFile}",
  "name": "My lab",

  // Where the server listens. Beyond this PC it needs more than an address: see docs/security.md.
  // "server": { "host": "127.0.0.1", "commandPort": 2402, "dashboardPort": 12345 },

  // Ports that several instruments share, by name.
  "ports": {
    // "heliograph ports" lists this PC's. On Windows: "serial://COM9". Prefer the stable names of Linux, which stay
    // when a cable moves: "serial:///dev/serial/by-id/usb-FTDI_…"
    "flow controllers": "serial:///dev/ttyUSB1?baud=9600"
  },

  "instruments": [
    // An instrument that heliograph knows. Try it without the hardware: "heliograph server --bench FILE --simulate".
    {
      "title": "Methane MFC",
      "driver": "aalborg-dpc",
      "port": "serial:///dev/ttyUSB0?baud=9600",
      // What the driver says can be changed for this one: here its full scale.
      "fields": { "Setpoint Entry": { "maximum": 100 } }
    },

    // Two channels on one port.
    {
      "title": "Argon MFC",
      "driver": "mks-946",
      "port": "flow controllers",
      "parameters": { "channel": "A1" },
      "fields": { "Setpoint Entry": { "maximum": 200 } }
    },
    {
      "title": "Oxygen MFC",
      "driver": "mks-946",
      "port": "flow controllers",
      "parameters": { "channel": "A2" },
      "fields": { "Setpoint Entry": { "maximum": 200 } }
    }

    // An instrument that heliograph does not know: say what its manual says. Remove the // and put a comma above.
    // {
    //   "title": "Source Meter",
    //   "port": "tcp://192.168.1.20:5025",
    //   "line": { "sendEnd": "\\n", "receiveEnd": "\\n", "timeout": 2 },
    //   "handshake": { "ask": "*IDN?", "pattern": "^KEITHLEY" },
    //   "initialize": ["*CLS"],
    //   "shutdown": ["OUTP OFF"],
    //   "afterWrite": { "ask": "SYST:ERR?", "pattern": "^[+]?0," },
    //   "pollInterval": 1,
    //   "fields": {
    //     "Voltage": {
    //       "unit": "V", "minimum": 0, "maximum": 20, "decimals": 3,
    //       "read": "SOUR:VOLT?", "write": "SOUR:VOLT {value:.4f}"
    //     },
    //     "Current": { "unit": "A", "read": { "ask": "MEAS:CURR?", "bad": { "9.9E37": "overload" } } },
    //     "Output": { "type": "switch", "read": "OUTP?", "write": "OUTP {value}" }
    //   },
    //   "commands": { "reset": { "summary": "Go back to the factory settings", "send": "*RST" } }
    // }
  ]
}
`;
