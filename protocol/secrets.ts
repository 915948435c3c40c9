/**
 * Tokens and one-time secrets, and texts that shall tell none of them.
 *
 * @module
 */

/** What every secret of heliograph begins with: programs that look for secrets find it, and so does this one. */
export const secretPrefix = "hg_";

const secret = /hg_[A-Za-z0-9_-]{8,}/g;

/**
 * A text as it may be kept, logged and shown: `hg_…` stands in the place of each token.
 *
 * @param text Any text.
 */
export function withoutSecrets(text: string): string {
  return text.includes(secretPrefix) ? text.replace(secret, `${secretPrefix}…`) : text;
}
