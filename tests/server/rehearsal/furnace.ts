/** A bench with a furnace that has an interlock, a limit and an alarm. */
export const furnace = {
  instruments: [{
    title: "Furnace",
    port: "tcp://192.0.2.1:5025",
    fields: {
      Setpoint: { type: "float", minimum: 0, maximum: 100, initial: 20, read: "S?", write: "S {value}" },
      Gas: { type: "float", minimum: 0, maximum: 50, initial: 0, read: "G?", write: "G {value}" },
      Heater: { type: "switch", initial: false, write: "H {value}" },
      Level: { type: "float", minimum: 0, maximum: 10, read: "L?" },
    },
  }],
  interlocks: { "No gas when hot": { must: "furnace.setpoint < 80.0", forbids: [{ set: "furnace.gas", above: 0 }] } },
  alarms: { Warm: { when: "furnace.setpoint > 60.0", text: "look at it" } },
  limits: { "furnace.heater": { duty: { on: "1m", in: "1h" } } },
};
