/**
 * Tells browsers from clients: neither wire is HTTP, but a page in somebody's browser can reach localhost.
 *
 * @module
 */

const httpMethods = ["GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "DELETE ", "PATCH ", "CONNECT ", "TRACE ", "PRI "];

/**
 * Whether a connection's first bytes are an HTTP request: a page in somebody's browser can reach localhost.
 *
 * @param start The connection's first bytes.
 * @returns `undefined` while it takes more bytes to tell.
 */
export function beginsHttp(start: Uint8Array): boolean | undefined {
  // The first byte of TLS: a browser that tries https.
  if (start[0] === 0x16) return true;
  let undecided = false;
  for (const method of httpMethods) {
    const length = Math.min(method.length, start.length);
    let same = 0;
    while (same < length && start[same] === method.charCodeAt(same)) same++;
    if (same === method.length) return true;
    if (same === start.length) undecided = true;
  }
  return undecided ? undefined : false;
}
