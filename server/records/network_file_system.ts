/**
 * Finds out whether a folder is on a network share: SQLite's write-ahead log needs memory that all who open it share.
 *
 * @module
 */

/** The file systems whose files another PC has. */
const networkTypes =
  /^(nfs\d?|cifs|smb\d?|smbfs|fuse\.sshfs|9p|afs|ceph|glusterfs|fuse\.glusterfs|lustre|ncpfs|davfs|fuse\.rclone)$/;

/**
 * The network file system that a folder is on.
 *
 * @param folder Its absolute path; it is there.
 * @param mounts What this PC tells of what is mounted where, as in `/proc/self/mounts`. @default it is looked at
 * @returns What it is, for people; `undefined` for a disk of this PC, and where nobody can tell.
 */
export function networkFileSystem(folder: string, mounts: string | undefined = readMounts()): string | undefined {
  // A drive's letter may stand for a share, too: that only Windows can tell.
  if (/^[\\/]{2}[^\\/?.]/.test(folder) || /^\\\\\?\\UNC\\/i.test(folder)) {
    return "a path that begins with a server's name";
  }
  let [longest, found] = ["", ""];
  for (const line of (mounts ?? "").split("\n")) {
    const [, where = "", type = ""] = line.split(" ");
    const path = where.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    const within = path !== "" && (folder === path || folder.startsWith(path.endsWith("/") ? path : `${path}/`));
    if (within && path.length >= longest.length) [longest, found] = [path, type];
  }
  return networkTypes.test(found) ? found : undefined;
}

function readMounts(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.readTextFileSync("/proc/self/mounts");
  } catch {
    // Not permitted, as for the task of the demo bench, or not there.
    return undefined;
  }
}
