/**
 * Makes a file or a folder on Windows its owner's alone, by an access list that the system's library sets.
 *
 * Elsewhere the mode of a file does that. Here a file has the access list of its folder, which often lets every user of
 * the PC read; `Deno.chmod` changes nothing of it.
 *
 * @module
 */

const security = {
  OpenProcessToken: { parameters: ["isize", "u32", "buffer"], result: "i32" },
  GetTokenInformation: { parameters: ["isize", "i32", "buffer", "u32", "buffer"], result: "i32" },
  ConvertSidToStringSidW: { parameters: ["u64", "buffer"], result: "i32" },
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    parameters: ["buffer", "u32", "buffer", "pointer"],
    result: "i32",
  },
  ConvertSecurityDescriptorToStringSecurityDescriptorW: {
    parameters: ["u64", "u32", "u32", "buffer", "pointer"],
    result: "i32",
  },
  SetFileSecurityW: { parameters: ["buffer", "u32", "u64"], result: "i32" },
  GetNamedSecurityInfoW: {
    parameters: ["buffer", "i32", "u32", "pointer", "pointer", "buffer", "pointer", "buffer"],
    result: "u32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** `TOKEN_QUERY`, and `TokenUser`. */
const [mayAsk, whichUser] = [8, 1];
/** The process itself, as `GetCurrentProcess` has it. */
const thisProcess = -1n;
/** `SDDL_REVISION_1`. */
const revision = 1;
/** `SE_FILE_OBJECT`. */
const fileObject = 1;
/** `DACL_SECURITY_INFORMATION`; and that nothing is taken over from the folder, `PROTECTED_DACL_SECURITY_INFORMATION`. */
const [accessList, ofItsOwn] = [4, 0x8000_0000];

/** A text as Windows takes it. */
function wide(text: string): Uint8Array<ArrayBuffer> {
  const units = new Uint16Array(text.length + 1);
  for (let at = 0; at < text.length; at++) units[at] = text.charCodeAt(at);
  return new Uint8Array(units.buffer);
}

/** A text that Windows gives. */
function narrow(address: bigint): string {
  const view = new Deno.UnsafePointerView(Deno.UnsafePointer.create(address)!);
  let text = "";
  for (let at = 0;; at += 2) {
    const unit = view.getUint16(at);
    if (unit === 0) return text;
    text += String.fromCharCode(unit);
  }
}

/** Sets access lists. What its calls take of memory is not given back: they are few, and small. */
export class OwnerAccess {
  readonly #library: Deno.DynamicLibrary<typeof security>;
  readonly #protected = new Set<string>();
  /** The user of this process, `S-1-5-21-…`. */
  readonly user: string;

  private constructor(library: Deno.DynamicLibrary<typeof security>) {
    this.#library = library;
    this.user = this.#currentUser();
  }

  static #known: OwnerAccess | undefined | "none";

  /**
   * What sets them; it must be asked for before permissions are given up.
   *
   * @returns It; `undefined` on other systems, and where this program may not use the system's library.
   */
  static get usual(): OwnerAccess | undefined {
    this.#known ??= this.#opened() ?? "none";
    return this.#known === "none" ? undefined : this.#known;
  }

  static #opened(): OwnerAccess | undefined {
    if (Deno.build.os !== "windows" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
      return undefined;
    }
    try {
      return new OwnerAccess(Deno.dlopen("advapi32.dll", security));
    } catch {
      return undefined;
    }
  }

  /**
   * Lets nobody but the user of this process, administrators and the system itself read or write something, and all that
   * is made in it.
   *
   * @param path An absolute path.
   * @param what A folder's holds for what is made in it.
   * @returns Whether the system has done so, as disks of other kinds do not.
   */
  protect(path: string, what: "file" | "folder"): boolean {
    const done = this.#set(path, what === "folder" ? "OICI" : "");
    if (done) this.#protected.add(path);
    else this.#protected.delete(path);
    return done;
  }

  /** Whether something was protected, when that was last tried. */
  protects(path: string): boolean {
    return this.#protected.has(path);
  }

  #set(path: string, inherited: string): boolean {
    const who = [...new Set([this.user, "SY", "BA"])];
    const text = `D:P${who.map((one) => `(A;${inherited};FA;;;${one})`).join("")}`;
    const { symbols } = this.#library;
    const descriptor = new BigUint64Array(1);
    const flags = (accessList | ofItsOwn) >>> 0;
    return symbols.ConvertStringSecurityDescriptorToSecurityDescriptorW(wide(text), revision, descriptor, null) !== 0 &&
      symbols.SetFileSecurityW(wide(path), flags, descriptor[0]!) !== 0;
  }

  /** The access list of something, as Windows writes it: `D:P(A;;FA;;;SY)…`. @throws {Error} */
  read(path: string): string {
    const { symbols } = this.#library;
    const [list, descriptor, text] = [new BigUint64Array(1), new BigUint64Array(1), new BigUint64Array(1)];
    const code = symbols.GetNamedSecurityInfoW(wide(path), fileObject, accessList, null, null, list, null, descriptor);
    check(code === 0, `its access list cannot be read (error ${code} of Windows)`);
    check(
      symbols.ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor[0]!, revision, accessList, text, null) !==
        0,
      "its access list cannot be written as text",
    );
    return narrow(text[0]!);
  }

  #currentUser(): string {
    const { symbols } = this.#library;
    const token = new BigInt64Array(1);
    check(symbols.OpenProcessToken(thisProcess, mayAsk, token) !== 0, "the user of this process is not told");
    const user = new BigUint64Array(32);
    const length = new Uint32Array(1);
    check(
      symbols.GetTokenInformation(token[0]!, whichUser, user, user.byteLength, length) !== 0,
      "the user of this process is not told",
    );
    const text = new BigUint64Array(1);
    check(symbols.ConvertSidToStringSidW(user[0]!, text) !== 0, "the user of this process has no name");
    return narrow(text[0]!);
  }
}

function check(done: boolean, problem: string): void {
  if (!done) throw new Error(problem);
}
