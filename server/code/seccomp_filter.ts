/**
 * The system calls that a sandbox's process may make on Linux once it is ready: a list, as a program for the kernel.
 *
 * The numbers are those of x86-64. What is not on the list is refused: as not permitted where it is old, as unknown
 * where it is new, so that libraries fall back to what they did before.
 *
 * @module
 */

/** The options of the filter, from the operator's grants. */
export interface FilterOptions {
  /** Which files may be opened: none, for reading only, or for writing too; Landlock says which ones. */
  readonly files: "none" | "reading" | "writing";
  /** Whether connections may be made. */
  readonly network: boolean;
  /** The process's own number: it may abort itself. */
  readonly pid: number;
}

/** A condition on a half of an argument, the lower one unless said: after the mask, it is one of these. */
interface Test {
  readonly argument: number;
  readonly upper?: true;
  readonly mask?: number;
  readonly is: readonly number[];
}

/** Allowed where every test holds, answered with `otherwise` where one does not. */
interface Rule {
  readonly calls: readonly number[];
  readonly tests: readonly Test[];
  readonly otherwise: number;
}

const errors = { success: 0, notPermitted: 1, accessDenied: 13, invalid: 22, notATerminal: 25, unknown: 38 } as const;

/** Memory, threads, time, events, and reading and writing what is open already. */
const always = [
  ...[0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 14, 15, 17, 19, 20], // read … writev: no access by name
  ...[23, 24, 25, 26, 27, 28, 32, 35, 39], // select, sched_yield, mremap, msync, mincore, madvise, dup, nanosleep, getpid
  ...[45, 47, 48, 51, 52, 54, 55, 60, 63, 79], // receiving, socket options, exit, uname, getcwd
  ...[96, 97, 98, 99, 100, 102, 104, 107, 108, 110], // time, usage, own user and group
  ...[127, 128, 131, 140, 143, 145, 146, 147, 186], // own signals, own scheduling, gettid
  ...[202, 204, 213, 218, 219, 221, 228, 229, 230, 231, 232, 233], // futex, clocks, exit_group, epoll
  ...[270, 271, 273, 274, 281, 283, 284, 286, 287, 290, 291, 293, 295], // poll, timerfd, eventfd2, epoll_create1, pipe2
  ...[309, 318, 324, 329, 330, 331, 334, 441, 449], // getcpu, getrandom, membarrier, pkeys, rseq, newer waits
];

const byName = [2, 4, 6, 21, 89, 217, 257, 262, 267, 269, 332, 437, 439];
const changingFiles = [
  18,
  40,
  73,
  74,
  75,
  76,
  77,
  82,
  83,
  84,
  85,
  87,
  90,
  91,
  258,
  263,
  264,
  268,
  280,
  285,
  296,
  316,
  326,
];
/** O_ACCMODE, O_CREAT, O_TRUNC and the bit of O_TMPFILE. */
const forWriting = 0x3 | 0x40 | 0x200 | 0x40_0000;
const emptyPath = 0x1000;

function rules({ files, network, pid }: FilterOptions): Rule[] {
  const no = (calls: readonly number[], otherwise: number): Rule => ({
    calls,
    tests: [{ argument: 0, is: [] }],
    otherwise,
  });
  const list: Rule[] = [
    // Threads, and no other process: libraries do without clone3, whose flags cannot be looked at.
    { calls: [56], tests: [{ argument: 0, mask: 0x1_0000, is: [0x1_0000] }], otherwise: errors.notPermitted },
    no([435], errors.unknown),
    // A process that finds itself broken ends itself by SIGABRT.
    {
      calls: [234],
      tests: [{ argument: 0, is: [pid] }, { argument: 2, is: [6] }],
      otherwise: errors.notPermitted,
    },
    // The runtime's handler of SIGUSR1, which opens its inspector, is told that it is there.
    {
      calls: [13],
      tests: [{ argument: 0, is: [...Array(65).keys()].filter((signal) => signal !== 10) }],
      otherwise: errors.success,
    },
    // Names of threads and of memory.
    { calls: [157], tests: [{ argument: 0, is: [15, 16, 0x5356_4d41] }], otherwise: errors.invalid },
    // Limits may be asked for, not set.
    { calls: [302], tests: isNull(2), otherwise: errors.notPermitted },
    // No signals by way of a descriptor: only duplicates, flags, and locks.
    {
      calls: [72],
      tests: [{ argument: 1, is: [0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032] }],
      otherwise: errors.invalid,
    },
    { calls: [16], tests: [{ argument: 1, is: [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451] }], otherwise: 25 },
    // Newer Denos open a pair for their signals half a second after their start, and end without it.
    {
      calls: [53],
      tests: [{ argument: 0, is: [1] }, { argument: 1, mask: 0xff, is: [1] }],
      otherwise: errors.notPermitted,
    },
  ];
  if (files === "none") {
    // What is open may be asked for its length.
    list.push({ calls: [262], tests: [{ argument: 3, mask: emptyPath, is: [emptyPath] }], otherwise: 13 });
    list.push({ calls: [332], tests: [{ argument: 2, mask: emptyPath, is: [emptyPath] }], otherwise: 13 });
    list.push(no(byName, errors.accessDenied));
  } else if (files === "reading") {
    list.push({ calls: [2], tests: [{ argument: 1, mask: forWriting, is: [0] }], otherwise: errors.accessDenied });
    list.push({ calls: [257], tests: [{ argument: 2, mask: forWriting, is: [0] }], otherwise: errors.accessDenied });
    list.push({ calls: byName.filter((call) => call !== 437), tests: [], otherwise: 0 });
  } else list.push({ calls: [...byName, ...changingFiles], tests: [], otherwise: 0 });
  if (network) {
    list.push({ calls: [41], tests: [{ argument: 0, is: [2, 10] }], otherwise: errors.accessDenied });
    list.push({ calls: [42, 44, 46, 49, 299, 307], tests: [], otherwise: 0 });
  } else list.push({ calls: [44], tests: isNull(4), otherwise: errors.notPermitted });
  list.push({ calls: always, tests: [], otherwise: 0 });
  return list;
}

/** A pointer is null: both halves are. */
function isNull(argument: number): Test[] {
  return [{ argument, is: [0] }, { argument, upper: true, is: [0] }];
}

/** Instructions of the kernel's virtual machine for filters. */
const load = 0x20;
const and = 0x54;
const jumpIfEqual = 0x15;
const jumpIfGreater = 0x25;
const answer = 0x06;
const allow = 0x7fff_0000;
const refuse = (error: number) => 0x0005_0000 | error;
const kill = 0x8000_0000;
const x86_64 = 0xc000_003e;
/** The last call of the first series; those behind it are newer than 2018. */
const lastOld = 334;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

function ofTest({ argument, upper, mask = -1, is }: Test, otherwise: number): Instruction[] {
  const found: Instruction[] = is.map((value, index) => [jumpIfEqual, is.length - index, 0, value]);
  return [
    [load, 0, 0, 16 + 8 * argument + (upper ? 4 : 0)],
    ...(mask === -1 ? [] : [[and, 0, 0, mask]] as const),
    ...found,
    [answer, 0, 0, refuse(otherwise)],
  ];
}

function ofRule({ calls, tests, otherwise }: Rule): Instruction[] {
  const body: Instruction[] = [...tests.flatMap((test) => ofTest(test, otherwise)), [answer, 0, 0, allow]];
  return calls.flatMap((call): Instruction[] => [[jumpIfEqual, 0, body.length, call], ...body]);
}

/**
 * @param options What the operator's grants need.
 * @returns The program, as the kernel reads it: eight bytes for each instruction.
 */
export function seccompFilter(options: FilterOptions): Uint8Array<ArrayBuffer> {
  const program: Instruction[] = [
    [load, 0, 0, 4],
    [jumpIfEqual, 1, 0, x86_64],
    [answer, 0, 0, kill],
    [load, 0, 0, 0],
    ...rules(options).flatMap(ofRule),
    [jumpIfGreater, 0, 1, lastOld],
    [answer, 0, 0, refuse(errors.unknown)],
    [answer, 0, 0, refuse(errors.notPermitted)],
  ];
  const bytes = new Uint8Array(8 * program.length);
  const view = new DataView(bytes.buffer);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    view.setUint16(8 * index, code, true);
    view.setUint8(8 * index + 2, ifTrue);
    view.setUint8(8 * index + 3, ifFalse);
    view.setUint32(8 * index + 4, value >>> 0, true);
  }
  return bytes;
}
