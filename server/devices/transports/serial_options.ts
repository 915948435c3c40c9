/** A serial port and how it is set. */
export interface SerialOptions {
  /** The port: `/dev/ttyUSB0`, `/dev/serial/by-id/…`, `/dev/cu.usbserial-1`, `COM3`. */
  path: string;
  /** Bits per second. */
  baud: number;
  /** Bits in a character. */
  dataBits: 7 | 8;
  /** What the parity bit makes the number of ones; `none` has no such bit. */
  parity: "none" | "even" | "odd";
  /** Bits after a character. */
  stopBits: 1 | 2;
  /** How the other end says wait: by RTS and CTS (`hardware`), by XON and XOFF (`software`), or not at all. */
  flowControl: "none" | "hardware" | "software";
  /**
   * DTR: `on` for an adapter that it powers, `off`, or `keep`, which leaves it on when the port is closed: a board then
   * starts anew at the first opening only. Windows does not raise it for `keep`. @default on, and off when closed
   */
  dtr?: "on" | "off" | "keep";
  /** RTS, where it is no part of the flow control. @default as the system sets it: on */
  rts?: "on" | "off";
}

/** The usual settings of instruments: 9600 bits per second, 8 data bits, no parity, 1 stop bit, no flow control. */
export const defaultSerialOptions: Readonly<Omit<SerialOptions, "path">> = {
  baud: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: "none",
};
