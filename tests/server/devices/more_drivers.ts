/** What the drivers of the instruments that stand in most laboratories are told and answer, as their manuals have it. */

/** What is set on a driver, what the instrument must be told, what is read back, and what is refused. */
export interface Drive {
  readonly parameters?: Record<string, string>;
  /** What of its line differs here: a simulator needs no rest between two commands. */
  readonly line?: Record<string, unknown>;
  readonly set?: Record<string, string>;
  readonly told?: readonly string[];
  readonly read: Record<string, RegExp>;
  /** Command lines with the reply to each. */
  readonly then?: readonly (readonly [line: string, reply: RegExp])[];
}

/** What each simulator answers, byte for byte. */
export const moreConversations: Readonly<Record<string, readonly (readonly [string, string | RegExp])[]>> = {
  "agilent-34970a": [
    ["*IDN?\n", "HEWLETT-PACKARD,34970A,0,13-2-2\n"],
    ["MEAS:TEMP? TC,K,(@101)\n", /^\+2\.\d{8}E\+01\n$/],
    ["MEAS:VOLT:DC? AUTO,(@101:103,110)\n", /^(?:[+-]\d\.\d{8}E[+-]\d\d,){3}\+\d\.\d{8}E\+00\n$/],
    ["MEAS:TEMP? TC,K,(@120)\n", "+9.90000000E+37\n"],
    ["ROUT:CLOS (@201)\nROUT:CLOS? (@201,202)\n", "1,0\n"],
    ["MEAS:VOLT:DC? AUTO,(@401)\nSYST:ERR?\n", '112,"Channel list: channel number out of range"\n'],
  ],
  "alicat": [
    ["A\r", /^A \+014\.70 \+024\.50 [+-]000\.\d\d [+-]000\.\d\d 000\.00 {4}Air\r$/],
    ["AS25.5\r", /^A (?:\S+ ){4}025\.50 {4}Air\r$/],
    ["AG8\r", /^A .* {5}N2\r$/],
    ["AHC\r", /^A .*N2 HLD\r$/],
    ["AX9\r", "?\r"],
    ["B\rAC\r", /^A .*N2\r$/],
  ],
  // Modbus over TCP: register 3 is asked for, and is 0.
  "eurotherm-3200": [[
    "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x03\x00\x01",
    "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x00",
  ]],
  "julabo": [
    ["version\r", /^JULABO .*\r\n$/],
    ["status\r", "02 REMOTE STOP\r\n"],
    ["out_sp_00 37.5\rin_sp_00\r", "37.50\r\n"],
    ["out_mode_05 1\rin_mode_05\rstatus\r", "1\r\n03 REMOTE START\r\n"],
    ["out_sp_00 250\rstatus\r", "-11 VALUE TOO LARGE\r\n"],
    ["in_pv_02\r", "---.--\r\n"],
    ["nonsense\rstatus\rstatus\r", "-08 INVALID COMMAND\r\n03 REMOTE START\r\n"],
  ],
  "keithley-2400": [
    ["*IDN?\n", /^KEITHLEY INSTRUMENTS INC\.,MODEL 2400,.*\n$/],
    [":READ?\n:SYST:ERR?\n", '803,"Not permitted with OUTPUT off"\n'],
    [":SOUR:VOLT 1.5;:SENS:CURR:PROT 0.01;:OUTP ON;:READ?\n", /^\+1\.50000000E\+00,\+1\.[45]\d+E-03,\+0\.0+E\+00\n$/],
    [":SOUR:VOLT 20;:READ?\n", /^\+1\.00000000E\+01,.*,\+8\.0+E\+00\n$/],
    [":SENS:CURR:PROT:TRIP?\n", "1\n"],
    [":SOUR:VOLT 211\n:SYST:ERR?\n", '-222,"Data out of range"\n'],
  ],
  "lake-shore-335": [
    ["*IDN?\n", "LSCI,MODEL335,3350001/3350002,2.2\r\n"],
    ["KRDG? A\n", /^\+0\d\d\.\d{3}\r\n$/],
    ["KRDG? B\n", "+000.000\r\n"],
    ["RDGST? B\n", "128\r\n"],
    ["SETP 1,80.5\nSETP? 1\n", "+080.500\r\n"],
    ["PID 1,60,30,5\nPID? 1\n", "+0060.0,+0030.0,+0005.0\r\n"],
    ["*ESR?\n", "128\r\n"],
    ["RANGE 1,7\n*ESR?\n", "16\r\n"],
    ["NONSENSE 1\n*ESR?\n*ESR?\n", "32\r\n0\r\n"],
  ],
  "lx200": [
    [":GR#", "05:30:00#"],
    [":Sr07:30:00#:Sd+30:00:00#", "11"],
    [":Sr25:00:00#", "0"],
    [":MS#:D#", "0\x7f#"],
    [":Q#:D#", "#"],
    [":Sd-60:00:00#:MS#", "11Object Below Horizon #"],
  ],
  "new-era-ne1000": [
    ["00\r", "\x0200A?R\x03"],
    ["00VER\r", "\x0200SNE1000V3.923\x03"],
    ["00RAT2.5MM\r00RAT\r", "\x0200S\x03\x0200S2.500MM\x03"],
    ["00RUN\r", "\x0200I\x03"],
    ["00DIA10\r", "\x0200I?NA\x03"],
    ["00STP\r00STP\r", "\x0200P\x03\x0200S\x03"],
    ["00RAT9999MM\r", "\x0200S?OOR\x03"],
    ["07\r00XYZ\r", "\x0200S?\x03"],
  ],
  "newport-esp300": [
    ["VE?\r", /^ESP300 Version .*\r\n$/],
    ["1TP\r", "0.0000\r\n"],
    ["1MD?\r", "1\r\n"],
    ["1PA10\r1MD?\r", "0\r\n"],
    ["1ST\r1MD?\r", "1\r\n"],
    ["2PA99\rTB?\r", /^206, \d+, AXIS-2 POSITIVE SOFTWARE LIMIT DETECTED\r\n$/],
    ["TB?\r", /^0, \d+, NO ERROR DETECTED\r\n$/],
  ],
  "pfeiffer-tpg26x": [
    ["PR1\r\n", "\x06\r\n"],
    ["\x05", /^$/],
    ["\r\n", /^0,\+\d\.\d{4}E-0\d\r\n$/],
    ["PR2\r\x05\r", "\x06\r\n5,+0.0000E+00\r\n"],
    ["XYZ\r", "\x15\r\n"],
    ["ERR\r\x05\r", "\x06\r\n0001\r\n"],
    ["UNI\r\x05\r\x05\r", "\x06\r\n0\r\n0\r\n"],
  ],
  "sr830": [
    // Each of CR and LF ends a command, and both together end one.
    ["OUTX 0\rHARM?\r", "1\r"],
    ["HARM?\r\nHARM?\n", "1\r1\r"],
    ["OUTX 0;*IDN?\n", "Stanford_Research_Systems,SR830,s/n83001,ver1.07\r"],
    ["SNAP? 1,2,3,4\n", /^0\.0086\d*,0\.005\d*,0\.0\d+,30\r$/],
    ["SENS 26\nSENS?\n", "26\r"],
    ["*CLS\nSENS 27\n*ESR?\n", "16\r"],
    ["SENS 17\nLIAS? 2\n", "1\r"],
    ["APHS\nPHAS?\n", "30\r"],
  ],
  "thorlabs-sc10": [
    ["id?\r", "id?\rTHORLABS SC10 VERSION 1.07\r> "],
    ["ens?\r", "ens?\r0\r> "],
    ["ens\rens?\r", "ens\r> ens?\r1\r> "],
    ["mode=9\r", "mode=9\rCommand error CMD_ARG_INVALID\r> "],
    ["mode=3\rmode?\r", "mode=3\r> mode?\r3\r> "],
    ["nonsense\r", "nonsense\rCommand error CMD_NOT_DEFINED\r> "],
  ],
};

export const moreDrives: Readonly<Record<string, Drive>> = {
  "agilent-34970a": {
    parameters: { function: "TEMP", settings: "TC,K", channel: "105" },
    told: ["*CLS"],
    read: { Reading: /^2[45]\.\d{4}$/ },
    then: [
      ["it.close 203", /^OK$/],
      ["it.is_closed 203", /^OK True$/],
      ["it.open 203", /^OK$/],
      ["it.source_voltage 304 2.5", /^OK$/],
      ["it.write_byte 301 170", /^OK$/],
      ["it.read_byte 301", /^OK 170$/],
      ["it.source_voltage 101 2.5", /refused "SOUR:VOLT 2\.5000,\(@101\)": 112,"Channel list/],
    ],
  },
  "alicat": {
    set: { Setpoint: "25.5" },
    told: ["AS25.500"],
    read: { "Setpoint": /^25\.500$/, "Mass Flow": /^2[0-9]\.\d{3}$/, "Gas": /^Air$/, "State": /^$/ },
    then: [
      ["it.close", /^OK '?\s*HLD/],
      ["it.get State", /^OK '?\s*HLD/],
      ["it.release", /^OK/],
      ["it.set_gas N2", /^OK N2$/],
      ["it.get Gas", /^OK N2$/],
    ],
  },
  "eurotherm-3200": {
    set: { "Setpoint": "80", "Mode": "Automatic" },
    told: [],
    read: {
      "Setpoint": /^80\.0$/,
      "Working Setpoint": /^80\.0$/,
      "Temperature": /^2\d\.\d$/,
      "Output": /^\d+\.\d$/,
      "Mode": /^Automatic$/,
      "Sensor Broken": /^Off$/,
    },
    then: [
      ["it.set Setpoint 1300", /does not take this value/],
      ["it.off", /^OK$/],
      ["it.get Mode", /^OK Manual$/],
      ["it.get Output", /^OK 0\.0$/],
    ],
  },
  "julabo": {
    line: { gap: 0 },
    set: { "Setpoint": "37.5", "Running": "On" },
    told: ["out_sp_00 37.50", "out_mode_05 1"],
    read: {
      "Setpoint": /^37\.50$/,
      "Running": /^On$/,
      "Status": /^03 REMOTE START$/,
      "Bath": /^2\d\.\d\d$/,
      "External Sensor": /^Read Error$/,
    },
    then: [
      ["it.set Setpoint 200", /refused "out_sp_00 200\.00": -11 VALUE TOO LARGE/],
      ["it.stop", /^OK$/],
      ["it.get Status", /^OK '?02 REMOTE STOP/],
    ],
  },
  "keithley-2400": {
    set: { "Source Voltage": "1.5", "Current Limit": "0.01", "Output": "On" },
    told: ["*CLS", ":SOUR:VOLT 1.500000e+00", ":SENS:CURR:PROT 1.000000e-02", ":OUTP 1"],
    read: { "Source": /^Voltage$/, "Source Voltage": /^1\.5000$/, "At Current Limit": /^Off$/, "Output": /^On$/ },
    then: [
      ["it.get Voltage", /^OK 1\.500000$/],
      ["it.get Current", /^OK 0\.001(?:5|49)\d*$/],
      ["it.set 'Source Voltage' 250", /above its maximum of 210 V/],
      ["it.off", /^OK$/],
      ["it.get Output", /^OK Off$/],
    ],
  },
  "lake-shore-335": {
    line: { gap: 0 },
    set: { "Setpoint": "80.5", "Heater Range": "High", "Manual Output": "5" },
    told: ["*CLS", "SETP 1,80.5000", "RANGE 1,3", "MOUT 1,5.00"],
    read: {
      "Setpoint": /^80\.500$/,
      "Heater Range": /^High$/,
      "Temperature A": /^\d\d\.\d{3}$/,
      "Temperature B": /^Read Error$/,
      "Sensor B": /^Sensor over range$/,
      "Heater State": /^Good$/,
    },
    then: [
      ["it.set P 60", /^OK$/],
      ["it.set I 30", /^OK$/],
      ["it.get P", /^OK 60\.0$/],
      ["it.get I", /^OK 30\.0$/],
      ["it.get D", /^OK 0\.0$/],
      ["it.set_mode 'Open loop' A", /^OK$/],
      ["it.get Mode", /^OK '?Open loop/],
      ["it.set Setpoint 3000", /refused "SETP 1,3000\.0000": 16/],
      ["it.off", /^OK$/],
      ["it.get 'Heater Range'", /^OK Off$/],
    ],
  },
  "new-era-ne1000": {
    set: { Rate: "12.5", Volume: "3", Direction: "Withdraw" },
    told: ["00RAT12.5MM", "00VOL3", "00DIRWDR"],
    read: { Rate: /^12\.500$/, Volume: /^3\.000$/, Direction: /^Withdraw$/, State: /^Stopped$/, Diameter: /^26\.59$/ },
    then: [
      ["it.stop", /refused .00STP.: not applicable now/],
      ["it.run", /^OK Withdrawing$/],
      ["it.set Diameter 20", /refused .00DIA20.: not applicable now/],
      ["it.stop", /^OK Paused$/],
      ["it.get State", /^OK Paused$/],
    ],
  },
  "lx200": {
    told: [],
    read: { "RA": /^5\.50000$/, "Dec": /^22\.0000$/, "Azimuth": /^180\.0000$/, "Slewing": /^Off$/ },
    then: [
      ["it.goto 7.5 30", /^OK$/],
      ["it.get RA", /^OK 7\.50000$/],
      ["it.goto 25 30", /above its maximum of 23.9999 h/],
      ["it.goto 5 -60", /1Object Below Horizon/],
      ["it.stop", /^OK$/],
    ],
  },
  "newport-esp300": {
    parameters: { axis: "2" },
    set: { Velocity: "10", Target: "1.5" },
    told: ["2VA10.00000", "2PA1.50000"],
    read: { Position: /^1\.5000$/, Moving: /^Off$/, Velocity: /^10\.0000$/, Motor: /^On$/ },
    then: [
      ["it.move_to 3", /^OK$/],
      ["it.get Position", /^OK 3\.0000$/],
      ["it.move_to 99", /refused "2PA99\.00000": 206, 421700, AXIS-2 POSITIVE SOFTWARE LIMIT DETECTED/],
      ["it.set Motor Off", /^OK$/],
      ["it.move_by 1", /refused "2PR1\.00000": 213, 421700, AXIS-2 MOTOR NOT ENABLED/],
      ["it.stop", /^OK$/],
    ],
  },
  "pfeiffer-tpg26x": {
    told: [],
    read: {
      "Pressure": /^\d\.\d\de-0?[3456]$/,
      "Gauge": /^Good$/,
      "Unit": /^mbar$/,
      "Switching Point 2": /^Off$/,
    },
    then: [
      ["it.switch_sensors Off", /^OK$/],
      ["it.get Gauge", /^OK '?Switched off/],
      ["it.get_error", /^OK 0000$/],
    ],
  },
  "sr830": {
    set: { "Frequency": "137", "Sensitivity": "100 mV", "Time Constant": "300 ms" },
    told: ["*CLS", "FREQ 137.0000", "SENS 23", "OFLT 9"],
    read: {
      "X": /^0\.008\d+$/,
      "R": /^0\.0[01]\d+$/,
      "Phase": /^30\.00$/,
      "Frequency": /^137\.000$/,
      "Sensitivity": /^100 mV$/,
      "Output Overload": /^Off$/,
    },
    then: [
      ["it.auto_phase", /^OK$/],
      ["it.auto_gain", /^OK$/],
      ["it.get 'Reference Phase'", /^OK 30\.00$/],
      ["it.set_aux 1 5", /^OK$/],
      ["it.get_aux 1", /^OK 5\.0$/],
      ["it.set Frequency 200000", /above its maximum of 102000 Hz/],
    ],
  },
  "thorlabs-sc10": {
    set: { "Mode": "Single", "Open Time": "300" },
    told: ["mode=3", "open=300"],
    read: { "Mode": /^Single$/, "Open Time": /^300$/, "Enabled": /^Off$/, "Closed": /^On$/, "Interlock": /^Off$/ },
    then: [
      ["it.set Mode Manual", /^OK$/],
      ["it.toggle", /^OK$/],
      ["it.get Closed", /^OK Off$/],
    ],
  },
};
