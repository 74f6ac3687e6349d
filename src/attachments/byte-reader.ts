/** Bytes of a stream with a look ahead: what was read and not yet consumed is `held`. */
export interface ByteReader {
  readonly held: Buffer;
  /** Appends the next chunk to `held`; false at the end of the stream. Rejects with the stream's error. */
  fill(): Promise<boolean>;
  /** Takes the first `count` bytes off `held` and returns them, without copying. */
  consume(count: number): Buffer;
  /** Stops reading. The stream itself stays open. */
  close(): Promise<void>;
}

/** A reader whose `held` begins with `prefix`. One chunk at a time is asked for, which is all the back-pressure needed. */
export function createByteReader(source: AsyncIterable<Uint8Array>, prefix: Buffer): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let held = prefix;
  return {
    get held() {
      return held;
    },
    async fill() {
      const { done, value } = await chunks.next();
      if (done === true) return false;
      held =
        held.length === 0
          ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
          : Buffer.concat([held, value]);
      return true;
    },
    consume(count) {
      const taken = held.subarray(0, count);
      held = held.subarray(count);
      return taken;
    },
    async close() {
      await chunks.return?.();
    },
  };
}
