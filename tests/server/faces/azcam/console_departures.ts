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
    ],
  },
];

/** What is being mended. */
export const toCome: readonly Lines[] = [
  {
    why: "exposures, the focus, and what api knows of them",
    at: [
      "144 exposure.get_image_types",
      "149 exposure.parshift 10",
      "150 exposure.parshift -10",
      "161 exposure.get_focalplane",
      "163 exposure.get_focalplane",
      "165 exposure.get_focalplane",
      "179 exposure.get_image_title",
      "186 exposure.test -1 0",
      '191 exposure.expose 0.2 HeNe "x"',
      "192 exposure.get_image_title",
      "207 exposure.guide 1",
      "208 exposure.guide1 1",
      "295 initialize_exposure",
      "296 reset_exposure",
      "305 pause",
      "306 resume",
      "318 set_image_title ",
      "319 get_image_title",
      "323 get_image_types",
    ],
  },
  {
    why: "parameters, and texts that are quoted",
    at: [
      "183 set_par imagetest 1 azcamconsole",
      "267 get_par imageroot azcamserver",
      "271 get_par imagetitle None",
      "272 set_par myownpar 5 None",
      "273 get_par myownpar None",
      "333 get_par version azcamconsole",
      "334 get_par imagetype azcamconsole",
      "335 get_par imagetitle azcamconsole",
      "336 get_par imageroot azcamconsole",
      "337 get_par imagefolder azcamconsole",
      "338 get_par imagetest azcamconsole",
      "339 get_par imageoverwrite azcamconsole",
      "340 get_par imageautoname azcamconsole",
      "341 get_par imagesequencenumber azcamconsole",
      "342 get_par imageincludesequencenumber azcamconsole",
      "343 get_par imageautoincrementsequencenumber azcamconsole",
      "344 get_par imagefilename azcamconsole",
      "345 get_par lastfilename azcamconsole",
      "346 get_par exposuretime azcamconsole",
      "347 get_par exposuretimeremaining azcamconsole",
      "348 get_par exposurecompleted azcamconsole",
      "349 get_par exposureflag azcamconsole",
      "350 get_par pixelsremaining azcamconsole",
      "351 get_par exposuresequencetotal azcamconsole",
      "352 get_par exposuresequencenumber azcamconsole",
      "353 get_par exposuresequencedelay azcamconsole",
      "354 get_par exposuresequenceflush azcamconsole",
      "355 get_par isexposuresequence azcamconsole",
      "356 get_par flusharray azcamconsole",
      "357 get_par displayimage azcamconsole",
      "358 get_par sendimage azcamconsole",
      "359 get_par savefile azcamconsole",
      "360 get_par autotitle azcamconsole",
      "361 get_par imagesizex azcamconsole",
      "362 get_par imagesizey azcamconsole",
      "363 get_par numpiximage azcamconsole",
      "364 get_par colbin azcamconsole",
      "365 get_par rowbin azcamconsole",
      "366 get_par firstcol azcamconsole",
      "367 get_par lastcol azcamconsole",
      "368 get_par firstrow azcamconsole",
      "369 get_par lastrow azcamconsole",
      "370 get_par camtemp azcamconsole",
      "371 get_par dewtemp azcamconsole",
      "372 get_par temperatures azcamconsole",
      "373 get_par controltemperature azcamconsole",
      "374 get_par instrumentenabled azcamconsole",
      "375 get_par telescopeenabled azcamconsole",
      "376 get_par instrumentfocus azcamconsole",
      "377 get_par telescopefocus azcamconsole",
      "378 get_par systemname azcamconsole",
      "379 get_par hostname azcamconsole",
      "380 get_par wd azcamconsole",
      "381 get_par logcommands azcamconsole",
      "383 get_par imagefiletype azcamconsole",
      "384 get_par timingfile azcamconsole",
      "397 set_par imagetest 0 azcamconsole",
      "398 get_par imagetest azcamconsole",
      "399 set_par imagetest 1 azcamconsole",
      "400 get_par imagetest azcamconsole",
      "401 set_par imageroot xyz azcamconsole",
      "402 get_par imageroot azcamconsole",
      "403 set_par imageroot test. azcamconsole",
      "404 get_par imageroot azcamconsole",
      "405 set_par autotitle 1 azcamconsole",
      "406 get_par autotitle azcamconsole",
      "407 set_par autotitle 0 azcamconsole",
      "408 get_par autotitle azcamconsole",
      "409 set_par flusharray 0 azcamconsole",
      "410 get_par flusharray azcamconsole",
      "411 set_par flusharray 1 azcamconsole",
      "412 get_par flusharray azcamconsole",
      "413 set_par imagetitle hello azcamconsole",
      "414 get_par imagetitle azcamconsole",
      "416 get_par imagetitle azcamconsole",
      "417 set_par imagetitle None azcamconsole",
      "418 get_par imagetitle azcamconsole",
      "419 set_par imagetype object azcamconsole",
      "420 get_par imagetype azcamconsole",
      "421 set_par exposuretime 0.3 azcamconsole",
      "422 get_par exposuretime azcamconsole",
      "425 set_par exposuresequencetotal 3 azcamconsole",
      "426 get_par exposuresequencetotal azcamconsole",
      "427 set_par imagesequencenumber 7 azcamconsole",
      "428 get_par imagesequencenumber azcamconsole",
      "429 set_par imageautoname 1 azcamconsole",
      "430 get_par imageautoname azcamconsole",
      "431 set_par imageautoname 0 azcamconsole",
      "432 get_par imageautoname azcamconsole",
      "433 set_par imageoverwrite 1 azcamconsole",
      "434 get_par imageoverwrite azcamconsole",
      "441 set_par wd /tmp azcamconsole",
      "442 get_par wd azcamconsole",
    ],
  },
];
