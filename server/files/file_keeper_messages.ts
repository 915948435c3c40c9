/**
 * The messages between the server and its Worker that keeps one small file.
 *
 * @module
 */

/** The file, and the names beside it that are needed to replace it. */
export interface KeptFile {
  /** Its absolute path. */
  readonly file: string;
  /** What it is called until it is whole. */
  readonly part: string;
  /** What one that cannot be used is renamed to. */
  readonly aside: string;
  /** Whether its folder is made where it does not exist. */
  readonly createFolder: boolean;
  /** The file beside it that keeps what it was before its last change; `undefined` where that is not kept. */
  readonly previous: string | undefined;
}

/** The tasks of the Worker. */
export type KeeperTask =
  /** What the file holds. */
  | { readonly kind: "read" }
  /** What another file holds, which is in one of the folders. */
  | { readonly kind: "read other"; readonly file: string; readonly folders: readonly string[] }
  /** The names of the files in one of the folders, as a JSON list. */
  | { readonly kind: "list"; readonly folder: string }
  /** Whether it can be written. */
  | { readonly kind: "check" }
  /** Replaces it, whole or not at all. */
  | { readonly kind: "write"; readonly text: string }
  /** What the file holds, or the one before its last change, with the byte-order mark. */
  | { readonly kind: "read exactly"; readonly which: "file" | "previous" }
  /** Replaces it where it still holds what is expected, and keeps that as the previous one. */
  | { readonly kind: "replace"; readonly text: string; readonly expected: string }
  /** Renames it, so that another can take its place. */
  | { readonly kind: "set aside" };

/** A message to the Worker. */
export interface ToFileKeeper {
  readonly kept: KeptFile;
  readonly task: KeeperTask;
}

/** The Worker's answers, in the order in which it was asked. */
export type FromFileKeeper =
  /** `text` is what was read; `undefined` where no such file is there, and for what else was asked. */
  | { readonly done: true; readonly text: string | undefined }
  /** Why it could not be done, in words for people. */
  | { readonly done: false; readonly reason: string };
