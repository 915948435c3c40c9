/**
 * Reads lines of text from a stream of another process of ours.
 *
 * @module
 */

/** The lines of a stream, without their ends. @param stream UTF-8 from a process that is trusted. */
export async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const found = (rest + text).split("\n");
    rest = found.pop()!;
    yield* found;
  }
}
