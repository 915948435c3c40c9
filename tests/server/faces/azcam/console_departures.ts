/** What departs from the conversation that azcam's console package had with azcam, and why. */

/** Lines of the conversation, each with its number before it. */
interface Lines {
  readonly why: string;
  readonly at: readonly string[];
}

/** What we answer instead. */
interface Departure extends Lines {
  readonly ours: RegExp;
}

/** Filters of the recording by those in their places on the demo bench. */
export const namesHere: Readonly<Record<string, string>> = {
  U: "u",
  B: "g",
  V: "r",
  R: "i",
  I: "z",
  open: "clear",
};

/** What departs for good. */
export const departures: readonly Departure[] = [
  {
    why: "the recorded azcam had no focus tool; here focus sequences are there always",
    ours: /^OK$/,
    at: [
      "329 focus_initialize",
      "330 focus_abort",
      "331 focus_set_pars 1.0 7 30 10",
      "332 focus_run 0.1 2 10 5",
      "445 focus_set_pars 0.1 2 10.0 5",
      "446 focus_abort",
    ],
  },
  {
    why: "without a title it stays as it is, with a tool's name before it and without",
    ours: /^OK$/,
    at: ["318 set_image_title "],
  },
  {
    why: "a field that goes into headers is a keyword too",
    ours: /^OK [A-Z0-9 ]+$/,
    at: [
      "5 exposure.get_keywords",
      "15 exposure.get_keywords",
      "28 tempcon.get_keywords",
      "38 tempcon.get_keywords",
      "51 instrument.get_keywords",
      "61 instrument.get_keywords",
      "74 telescope.get_keywords",
      "84 telescope.get_keywords",
    ],
  },
  {
    why: "an argument reaches the command without its quotes",
    ours: /^OK 'hello there' 'my comment' str$/,
    at: [
      "10 exposure.get_keyword A2",
      "33 tempcon.get_keyword A2",
      "56 instrument.get_keyword A2",
      "79 telescope.get_keyword A2",
      "102 controller.get_keyword A2",
    ],
  },
  {
    why: "a field that goes into headers is a keyword too",
    ours: /^OK(?: \['[A-Z0-9]+', (?:'[^']*'|-?[\d.e-]+|None), (?:'[^']*'|"[^"]*"), '(?:str|int|float|none)'\])+$/,
    at: [
      "4 exposure.read_header",
      "6 exposure.read_header",
      "16 exposure.read_header",
      "17 exposure.read_header",
      "27 tempcon.read_header",
      "29 tempcon.read_header",
      "39 tempcon.read_header",
      "40 tempcon.read_header",
      "50 instrument.read_header",
      "52 instrument.read_header",
      "62 instrument.read_header",
      "63 instrument.read_header",
      "73 telescope.read_header",
      "75 telescope.read_header",
      "85 telescope.read_header",
      "86 telescope.read_header",
    ],
  },
  {
    why: "an argument reaches the command without its quotes",
    ours:
      /^OK \['A1', 'hello', '', 'none'\] \['A2', 'hello there', 'my comment', 'str'\] \['A3', 5, 'five', 'int'\] \['A4', 2\.5, 'c', 'float'\]$/,
    at: [
      "108 controller.read_header",
      "109 controller.read_header",
    ],
  },
  {
    why: "None keeps the control temperature, as azcam's own base tool does; the recording's sets it to nothing",
    ours: /^OK -100\.0$/,
    at: [
      "279 get_control_temperature -1",
    ],
  },
  {
    why: "azcam fails after another format was set; ours sets what it is told",
    ours: /^OK$/,
    at: [
      "170 exposure.set_roi 1 512 1 512 1 1 0",
      "299 set_roi 1 50 1 50 1 1 0",
      "301 roi_reset",
    ],
  },
  {
    why: "a filter that the wheel does not have is refused",
    ours: /^ERROR Cannot set the filter to nosuch: not one of /,
    at: [
      "243 instrument.set_filter nosuch 0",
    ],
  },
  {
    why: "the console fails at azcam's reply, whose quote has no partner; ours comes back as it was set",
    ours: /^OK "it's"$/,
    at: [
      "181 exposure.get_image_title",
    ],
  },
  {
    why: "a text with a blank comes back as one text",
    ours: /^OK 'two words'$/,
    at: [
      "271 get_par imagetitle None",
    ],
  },
  {
    why: "a position is a float, also where it is zero",
    ours: /^OK -?\d+\.\d+$/,
    at: [
      "376 get_par instrumentfocus azcamconsole",
      "377 get_par telescopefocus azcamconsole",
    ],
  },
  {
    why: "azcam prints an object where there is no file",
    ours: /^OK$/,
    at: [
      "384 get_par timingfile azcamconsole",
    ],
  },
  {
    why: "the server's folders are named by its operator",
    ours: /^ERROR Cannot set the parameter wd: it can only be read; the operator names the folders; /,
    at: [
      "441 set_par wd /tmp azcamconsole",
    ],
  },
];

/** Lines that depart or not: it depends on how far an exposure in the background has come. */
export const ofTheMoment: readonly Departure[] = [
  {
    why: "azcam's exposure has none, though its console calls them; ours tells whether it can be done now",
    ours: /^(?:OK$|ERROR AzcamError\('Cannot (?:pause|resume): )/,
    at: [
      "214 exposure.pause_exposure",
      "215 exposure.resume_exposure",
      "218 exposure.pause_exposure",
      "220 exposure.resume_exposure",
    ],
  },
  {
    why: "an exposure of the sequence before is under way",
    ours: /^(?:OK$|ERROR AzcamError\('Cannot read out before the exposure time is over: )/,
    at: [
      "210 exposure.start_readout",
      "212 exposure.start_readout",
    ],
  },
];

/** Lines whose values are those of another bench, or of another moment; number and types are the same. */
export const ofThisBench: readonly Lines[] = [
  {
    why: "the program's own version",
    at: [
      "265 get_par version None",
      "333 get_par version azcamconsole",
    ],
  },
  {
    why: "what it does at that moment",
    at: [
      "194 exposure.get_exposureflag",
      "196 exposure.get_exposuretime_remaining",
      "198 exposure.get_exposureflag",
      "206 exposure.get_exposureflag",
      "209 exposure.get_exposureflag",
      "213 exposure.get_exposureflag",
      "219 exposure.get_exposureflag",
      "222 exposure.get_exposureflag",
    ],
  },
  {
    why: "the folder of the images",
    at: [
      "216 exposure.get_filename",
      "293 get_par imagefilename None",
      "337 get_par imagefolder azcamconsole",
      "344 get_par imagefilename azcamconsole",
      "345 get_par lastfilename azcamconsole",
    ],
  },
  {
    why: "temperatures, positions, pressures and light of the simulation",
    at: [
      "227 get_temperatures",
      "277 get_temperatures",
      "248 instrument.get_focus 0",
      "251 instrument.get_focus 0",
      "252 instrument.get_pressures",
      "244 instrument.get_wavelength 0",
      "255 instrument.get_power 500 0",
      "256 instrument.get_currents",
      "257 instrument.get_current  1 0",
      "258 instrument.get_current  0 0",
      "259 telescope.get_focus 0",
      "260 telescope.get_focus 0",
      "262 telescope.get_focus 0",
      "264 telescope.get_focus 0",
      "370 get_par camtemp azcamconsole",
      "371 get_par dewtemp azcamconsole",
      "372 get_par temperatures azcamconsole",
    ],
  },
  {
    why: "what is set when the server begins: images are numbered, and the focus run has taken one",
    at: [
      "267 get_par imageroot azcamserver",
      "342 get_par imageincludesequencenumber azcamconsole",
      "343 get_par imageautoincrementsequencenumber azcamconsole",
      "341 get_par imagesequencenumber azcamconsole",
    ],
  },
  {
    why: "the bench's name, and its first folder",
    at: [
      "378 get_par systemname azcamconsole",
      "380 get_par wd azcamconsole",
      "442 get_par wd azcamconsole",
    ],
  },
  {
    why: "an image of one amplifier has no extension",
    at: [
      "383 get_par imagefiletype azcamconsole",
    ],
  },
];
